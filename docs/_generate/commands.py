"""The reference of the command line: one page for each command, from its typed options."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from docs._generate.markdown import Page, fence, page, prose, section, table
from testbed.cli.declarations.command_words import CommandWords, commands
from testbed.cli.declarations.engine import EngineOptions
from testbed.cli.declarations.model import Typed, declared, has_option

SOURCE = "testbed/cli/options"
FOLDER = "reference/commands"
INDEX = f"{FOLDER}/README.md"
ENGINE = "engine."
"""The beginning of the field names of engine options within a command's options."""


@dataclass(frozen=True)
class Row:
    """An option as the page shows it."""

    title: str
    name: str
    help: str


def pages() -> list[Page]:
    """The pages of all commands, of the engine options, and their list."""
    return [_index(), _engines(), *map(_page, commands().values())]


def _index() -> Page:
    rows = [
        (f"[`testbed {each.name}`]({each.name}.md)", each.sentence) for each in commands().values()
    ]
    return page(
        INDEX,
        SOURCE,
        "# Commands",
        "`testbed COMMAND --help` shows the same in the terminal.",
        table(("command", "what it does"), rows),
        "The commands that run workers also take the [engine options](engine-options.md).",
    )


def _page(command: CommandWords) -> Page:
    own = [row for row in _rows(command.options) if row.title != ENGINE]
    return page(
        f"{FOLDER}/{command.name}.md",
        SOURCE,
        f"# testbed {command.name}",
        command.sentence,
        fence("\n".join(_typed(command)), "text"),
        _sections(own),
        _engine_note(command),
        fence(command.epilog, "text") if command.epilog else "",
    )


def _engines() -> Page:
    return page(
        f"{FOLDER}/engine-options.md",
        SOURCE,
        "# Engine options",
        "Options of every command that runs workers. [Several hosts](../../guides/engines.md) shows"
        " how to use them.",
        _sections(list(_rows(EngineOptions))),
    )


def _sections(rows: list[Row]) -> str:
    titles = dict.fromkeys(row.title for row in rows)
    return "\n\n".join(
        section(
            title[:1].upper() + title[1:] if title else "Arguments and options",
            table(("option", "meaning"), [(r.name, r.help) for r in rows if r.title == title]),
        )
        for title in titles
    )


def _rows(kind: type) -> Iterator[Row]:
    """Every option; those of engines have `ENGINE` as their title."""
    for name, typed, default, title in declared(kind):
        shown = ENGINE if name.startswith(ENGINE) else title
        text = str(typed.settings["help"]).replace("%(default)s", str(default))
        yield Row(shown, option_name(name, typed), prose(text))


def option_name(field: str, typed: Typed) -> str:
    """An option with the name of its value.

    Args:
        field: the dotted name of its field, which names the value where nothing else does.
        typed: the option.
    """
    metavar = typed.settings.get("metavar") or ""
    if not typed.names:
        return f"`{metavar}`"
    if not typed.takes_value:
        return ", ".join(f"`{name}`" for name in typed.names)
    choices = typed.settings.get("choices")
    value = metavar or ("|".join(choices) if choices else field.rpartition(".")[2].upper())
    *short, long = typed.names
    return ", ".join(f"`{name}`" for name in (*short, f"{long} {value}"))


def _typed(command: CommandWords) -> list[str]:
    """The usage of a command, then its examples."""
    usage = f"testbed {command.name} {command.usage}".rstrip()
    return [usage, "", *(f"testbed {example}" for example in command.examples)]


def _engine_note(command: CommandWords) -> str:
    if not has_option(command.options, "engine"):
        return ""
    return "It also takes the [engine options](engine-options.md), which run it on several hosts."
