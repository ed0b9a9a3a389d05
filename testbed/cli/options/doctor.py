"""Options of `testbed doctor`."""

from __future__ import annotations

from dataclasses import dataclass

from testbed.cli.declarations.command_words import MACHINE, CommandWords
from testbed.cli.declarations.model import option, switch


@dataclass(frozen=True)
class DoctorOptions:
    """All options of `testbed doctor`."""

    report: bool = switch(
        "--report", help="print a Markdown block for an issue, without user and host names"
    )
    end: str | None = option(
        "--end", metavar="RUN", help="only end leftover processes of that run, or of all runs: all"
    )


COMMAND = CommandWords(
    "doctor",
    MACHINE,
    "versions, devices and leftovers; what to do about each",
    "Report what this machine has, what would mislead a run on it, and what to do about it.",
    ("doctor", "doctor --report"),
    DoctorOptions,
)
