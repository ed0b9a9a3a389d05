"""Options of `testbed list`."""

from __future__ import annotations

from dataclasses import dataclass

from testbed.cli.options.command_words import CATALOGUE, CommandWords
from testbed.cli.options.model import argument, option, switch


@dataclass(frozen=True)
class ListOptions:
    """All options of `testbed list`."""

    patterns: tuple[str, ...] = argument("NAME", nargs="*", help="as for testbed run")
    markdown: bool = switch("--markdown", help="print the table of scenarios/README.md")
    write: str | None = option(
        "--write", metavar="FILE", help="replace the table in a page like scenarios/README.md"
    )


COMMAND = CommandWords(
    "list",
    CATALOGUE,
    "the scenarios, their claims, and where each claim fails",
    "List the scenarios: what each claims, and where the claim fails.",
    ("list module_global",),
    ListOptions,
    "[OPTION ...] [NAME ...]",
    place=1,
)
