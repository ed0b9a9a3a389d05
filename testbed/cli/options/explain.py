"""Options of `testbed explain`."""

from __future__ import annotations

from dataclasses import dataclass

from testbed.cli.options.command_words import CATALOGUE, CommandWords
from testbed.cli.options.model import argument


@dataclass(frozen=True)
class ExplainOptions:
    """All options of `testbed explain`."""

    code: str | None = argument("CODE", nargs="?", help="like TB101; default: all codes")


COMMAND = CommandWords(
    "explain",
    CATALOGUE,
    "what a code of testbed check means",
    "Explain a code of testbed check: its meaning, its cause and its cure.",
    ("explain TB101",),
    ExplainOptions,
    "[CODE]",
    place=3,
)
