"""Options as frozen dataclasses: their fields define the parser, the help and a command's words.

`argument`, `option`, `repeated`, `switch` and `rest` each make a field for one option or argument;
its `title` is its section of the help. `group` makes a field that holds a dataclass of options.
"""

from __future__ import annotations

import argparse
from collections.abc import Collection, Iterator, Sequence
from dataclasses import Field, dataclass, field, fields
from typing import Any, TypeVar

Options = TypeVar("Options")

_TYPED = "typed"
_GROUP = "group"


@dataclass(frozen=True)
class Typed:
    """How a command line gives the value of one field."""

    names: tuple[str, ...]
    """Like `-j`, `--jobs`; empty for a positional argument."""
    settings: dict[str, Any]
    """Arguments of argparse's `add_argument`."""
    title: str = ""
    """The section of the help; empty for the general section."""

    @property
    def takes_value(self) -> bool:
        """Whether a value follows the name."""
        return self.settings.get("action") != "store_true"

    @property
    def takes_rest(self) -> bool:
        """Whether all following words belong to it."""
        return self.settings.get("nargs") == argparse.REMAINDER


@dataclass(frozen=True)
class Group:
    """A dataclass of options within another one; its title applies to options without a title."""

    kind: type
    title: str


def option(
    *names: str,
    help: str,
    default: Any = None,
    kind: type = str,
    metavar: str | None = None,
    choices: Sequence[str] | None = None,
    title: str = "",
) -> Any:
    """An option with one value.

    Args:
        names: of the option; the last is the long one, which `words_of` writes.
        help: the help text; `%(default)s` in it stands for the default.
        default: the value where the option is not given.
        kind: the type of the value: str, int or float.
        metavar: the name of the value in the help.
        choices: all valid values.
        title: the section of the help.
    """
    settings = {"type": kind, "metavar": metavar, "choices": choices}
    given = {name: value for name, value in settings.items() if value is not None}
    return _field(names, default, {**given, "help": help}, title)


def repeated(*names: str, help: str, metavar: str | None = None, title: str = "") -> Any:
    """An option that may be repeated; its value is a tuple, empty where it is not given."""
    given = {"metavar": metavar} if metavar else {}
    return _field(names, (), {**given, "action": "append", "help": help}, title)


def switch(*names: str, help: str, title: str = "") -> Any:
    """An option without a value; False where it is not given."""
    return _field(names, False, {"action": "store_true", "help": help}, title)


def argument(metavar: str, *, nargs: str, help: str) -> Any:
    """Positional arguments: a tuple; with `nargs="?"` one value or None."""
    settings = {"metavar": metavar, "nargs": nargs, "help": help}
    return _field((), None if nargs == "?" else (), settings)


def rest(*names: str, metavar: str, help: str) -> Any:
    """All following words, as a tuple."""
    settings = {"metavar": metavar, "nargs": argparse.REMAINDER, "help": help}
    return _field(names, (), settings)


def group(kind: type, title: str = "") -> Any:
    """A field that holds a dataclass of options."""
    return field(default_factory=kind, metadata={_GROUP: Group(kind, title)})


def add_options(parser: argparse.ArgumentParser, kind: type) -> None:
    """Add every option of a dataclass to a parser."""
    sections: dict[str, argparse._ActionsContainer] = {"": parser}
    for name, typed, default, title in declared(kind):
        if title not in sections:
            sections[title] = parser.add_argument_group(title)
        # argparse appends to its default, which must not be a shared list.
        given = {**typed.settings, "default": None if default == () else default}
        if typed.names:
            sections[title].add_argument(*typed.names, dest=name, **given)
        else:
            sections[title].add_argument(name, **given)


def decoded(kind: type[Options], typed: argparse.Namespace) -> Options:
    """The options that argparse has parsed, as their dataclass."""
    return _decoded(kind, typed, "")


def words_of(options: Any, leave_out: Collection[str] = ()) -> list[str]:
    """The words of a command line that gives these options: named options, then arguments.

    Args:
        options: a dataclass of options.
        leave_out: names of fields to leave out; a group's name leaves out all its options.
    """
    words: list[str] = []
    last: list[str] = []
    for typed, value, default in _leaves(options, leave_out):
        if value in (None, default, ()):
            continue
        if not typed.names:
            last = [str(each) for each in ([value] if isinstance(value, str) else value)]
            if not typed.takes_rest and any(map(_is_like_an_option, last)):
                last = ["--", *last]
        elif typed.takes_rest:
            last = [typed.names[0], *value]
        elif typed.takes_value:
            words += _with_value(typed.names[-1], value)
        else:
            words.append(typed.names[-1])
    return [*words, *last]


def option_name(options: Any, name: str) -> str:
    """The option of a field on the command line, like `--gpus-per-worker`."""
    typed: Typed = next(each for each in fields(options) if each.name == name).metadata[_TYPED]
    return typed.names[-1]


def has_option(options: Any, name: str) -> bool:
    """Whether a dataclass of options has a field of that name."""
    return any(each.name == name for each in fields(options))


def _field(names: tuple[str, ...], default: Any, settings: dict[str, Any], title: str = "") -> Any:
    return field(default=default, metadata={_TYPED: Typed(names, settings, title)})


def declared(
    kind: type, prefix: str = "", title: str = ""
) -> Iterator[tuple[str, Typed, Any, str]]:
    """Every option with its dotted name, its default and its section."""
    for each in fields(kind):
        if inner := _group_of(each):
            yield from declared(inner.kind, f"{prefix}{each.name}.", inner.title or title)
        else:
            typed: Typed = each.metadata[_TYPED]
            yield f"{prefix}{each.name}", typed, each.default, typed.title or title


def _decoded(kind: type[Options], typed: argparse.Namespace, prefix: str) -> Options:
    values: dict[str, Any] = {}
    for each in fields(kind):  # type: ignore[arg-type]
        name = f"{prefix}{each.name}"
        if inner := _group_of(each):
            values[each.name] = _decoded(inner.kind, typed, f"{name}.")
            continue
        value = getattr(typed, name)
        if each.default == ():
            value = tuple(value or ())
        values[each.name] = value
    return kind(**values)


def _leaves(options: Any, leave_out: Collection[str]) -> Iterator[tuple[Typed, Any, Any]]:
    """Every option with its value and its default."""
    for each in fields(options):
        if each.name in leave_out:
            continue
        value = getattr(options, each.name)
        if _group_of(each):
            yield from _leaves(value, leave_out)
        else:
            yield each.metadata[_TYPED], value, each.default


def _group_of(each: Field[Any]) -> Group | None:
    found: Group | None = each.metadata.get(_GROUP)
    return found


def _with_value(name: str, given: Any) -> list[str]:
    words = []
    for text in map(_text, given if isinstance(given, tuple) else (given,)):
        words += [f"{name}={text}"] if _is_like_an_option(text) else [name, text]
    return words


def _is_like_an_option(text: str) -> bool:
    return text.startswith("-")


def _text(given: Any) -> str:
    """A value as a word of a command line; a number has no more digits than it needs."""
    if isinstance(given, float) and float(f"{given:g}") == given:
        return f"{given:g}"
    return str(given)
