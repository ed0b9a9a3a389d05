"""The words of a command: its place on the first page, its help, and its options.

Every module of `cli/options` that defines `COMMAND` is a command; its module in `cli/commands` has
the same name.
"""

from __future__ import annotations

import importlib
import pkgutil
from dataclasses import dataclass
from functools import cache

from testbed.cli import options


@dataclass(frozen=True)
class Door:
    """A section of the first page: a question, and what answers it."""

    question: str
    also: tuple[tuple[str, str], ...] = ()
    """What answers it besides commands: what to type, and what it does."""


RIGHT = Door("Is my program right under replication?")
FAILS = Door(
    "Does it hang or crash?",
    (("pytest", "with @pytest.mark.distributed, a test runs in every worker of a cluster"),),
)
SLOW = Door("Is it slow?")
CATALOGUE = Door("Which ways of sharing survive tf.distribute? (the catalogue)")
MACHINE = Door("This machine, and this command line")
ENGINES_ONLY = Door("Started by other launchers")
DOORS = (RIGHT, FAILS, SLOW, CATALOGUE, MACHINE, ENGINES_ONLY)
"""In the order of the first page."""


@dataclass(frozen=True)
class LeadingWords:
    """The first arguments of a command; any other word begins the user's program."""

    words: tuple[str, ...]
    """Their valid values."""
    arguments: str
    """The field that holds them."""
    program: str
    """The field that holds a program with all words that follow it."""


@dataclass(frozen=True)
class CommandWords:
    """One command, as the command line offers it."""

    name: str
    door: Door
    short: str
    """A few words for the first page."""
    sentence: str
    """What it does, in one sentence; the help begins with it."""
    examples: tuple[str, ...]
    """Commands to copy, after `testbed`; two, where two differ."""
    options: type
    usage: str = "[OPTION ...]"
    """What follows the name, in the line of its usage."""
    epilog: str = ""
    """The end of the help, like the list of exit statuses."""
    place: int = 0
    """The order within its door."""
    leading: LeadingWords | None = None
    """Where a user's program may take the place of its first arguments."""


@cache
def commands() -> dict[str, CommandWords]:
    """All commands by their names, in the order of the first page."""
    modules = [
        importlib.import_module(f"{options.__name__}.{each.name}")
        for each in pkgutil.iter_modules(options.__path__)
    ]
    found: list[CommandWords] = [each.COMMAND for each in modules if hasattr(each, "COMMAND")]
    found.sort(key=lambda each: (DOORS.index(each.door), each.place, each.name))
    return {each.name: each for each in found}
