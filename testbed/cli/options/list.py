"""Options of `testbed list`."""

from __future__ import annotations

from dataclasses import dataclass

from testbed.catalogue.symptoms import SYMPTOMS
from testbed.cli.declarations.command_words import CATALOGUE, CommandWords
from testbed.cli.declarations.model import argument, option, switch


@dataclass(frozen=True)
class ListOptions:
    """All options of `testbed list`."""

    patterns: tuple[str, ...] = argument(
        "NAME",
        nargs="*",
        help="as for testbed run; a word that is no name is searched in names and claims",
    )
    symptom: str | None = option(
        "--symptom",
        choices=tuple(SYMPTOMS),
        metavar="SYMPTOM",
        help="only scenarios that show this symptom, like hang; testbed explain lists all",
    )
    way: str | None = option(
        "--way",
        metavar="WAY",
        help="only this way of sharing, like module_global; all: all ways",
    )
    verbose: bool = switch("-v", "--verbose", help="every scenario, with its claim")
    json: bool = switch("--json", help="print JSON, with every scenario")
    markdown: bool = switch("--markdown", help="print the table of scenarios/README.md")
    write: str | None = option(
        "--write", metavar="FILE", help="replace the table in a page like scenarios/README.md"
    )


COMMAND = CommandWords(
    "list",
    CATALOGUE,
    "the scenarios, their claims, and where each claim fails",
    "List the scenarios, one line for each script: what it is about, and how many cases fail.",
    ("list --symptom replicas_diverge", "list module_global optimizer -v"),
    ListOptions,
    "[OPTION ...] [NAME ...]",
    place=1,
)
