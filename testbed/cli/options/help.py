"""Options of `testbed help`."""

from __future__ import annotations

from dataclasses import dataclass

from testbed.cli.declarations.command_words import MACHINE, CommandWords
from testbed.cli.declarations.model import argument


@dataclass(frozen=True)
class HelpOptions:
    """All options of `testbed help`."""

    topic: str | None = argument(
        "TOPIC", nargs="?", help="a command, or `engines`; default: the first page"
    )


COMMAND = CommandWords(
    "help",
    MACHINE,
    "the help of a command, or of all engines",
    "Show the help of a command, or the options of all engines.",
    ("help check", "help engines"),
    HelpOptions,
    "[TOPIC]",
    place=2,
)
