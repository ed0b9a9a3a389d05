"""Options as frozen dataclasses: their fields define the parser, the help and a command's words.

`argument`, `option`, `repeated`, `switch` and `rest` each make a field for one option or argument;
its `title` is its section of the help. `result_files` makes a field for one option of each format.
`group` makes a field that holds a dataclass of options.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import Field, dataclass, field, fields
from typing import Any, TypeVar

from testbed.errors import choose_from
from testbed.report.formats.registry import STANDARD_OUTPUT, ReportFormat, WantedFile

Options = TypeVar("Options")

COMPLETE_NAMES = "_testbed_names"
"""The function of a completion script that completes names of scenario scripts."""

_FILES = {"bash": "_shtab_compgen_files", "zsh": "_files"}
_FOLDERS = {"bash": "_shtab_compgen_dirs", "zsh": "_files -/"}
_COMPLETIONS = {
    "FILE": _FILES,
    "PAGE": _FILES,
    "PATH": _FILES,
    "OLD": _FILES,
    "SCRIPT": _FILES,
    "FOLDER": _FOLDERS,
    "NAME": {"bash": COMPLETE_NAMES, "zsh": COMPLETE_NAMES},
}
"""The shell functions that complete a value, by its metavar."""

_TYPED = "typed"
_GROUP = "group"
_FORMATS = "formats"


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
        return self.settings.get("action") != "store_true" and self.settings.get("nargs") != 0

    @property
    def takes_rest(self) -> bool:
        """Whether all following words belong to it."""
        return self.settings.get("nargs") == argparse.REMAINDER


@dataclass(frozen=True)
class Group:
    """A dataclass of options within another one; its title applies to options without a title."""

    kind: type
    title: str
    listed: tuple[str, ...] | None = None
    """The fields that the help of a command lists; None: all. `testbed help` has the rest."""


def option(
    *names: str,
    help: str,
    default: Any = None,
    kind: Callable[[str], Any] = str,
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
    if choices:
        kind, metavar = _one_of(choices), metavar or f"{{{','.join(choices)}}}"
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


def result_files(formats: Iterable[ReportFormat], title: str = "") -> Any:
    """A tuple of `WantedFile`, with one option for each format that adds a file to it."""
    typed = {
        f"--{each.name}": Typed(
            (f"--{each.name}",),
            {
                "action": _AddFile,
                "help": each.help,
                **({"nargs": 0} if each.printed else {"metavar": each.metavar}),
            },
            title,
        )
        for each in formats
    }
    return field(default=(), metadata={_FORMATS: typed})


class _AddFile(argparse.Action):
    """Adds the file of one format; given twice, the last one counts."""

    def __call__(
        self,
        parser: argparse.ArgumentParser,
        namespace: argparse.Namespace,
        values: Any,
        option_string: str | None = None,
    ) -> None:
        name = self.option_strings[-1]
        others = [each for each in getattr(namespace, self.dest) or () if each.option != name]
        path = STANDARD_OUTPUT if self.nargs == 0 else values
        wanted = WantedFile(name.removeprefix("--"), path, name)
        setattr(namespace, self.dest, [*others, wanted])


def group(kind: type, title: str = "", listed: Sequence[str] | None = None) -> Any:
    """A field that holds a dataclass of options.

    Args:
        kind: the dataclass.
        title: the section of the help for options without a title.
        listed: the fields that the help lists, where it does not list all.
    """
    made = Group(kind, title, None if listed is None else tuple(listed))
    return field(default_factory=kind, metadata={_GROUP: made})


def add_options(parser: argparse.ArgumentParser, kind: type) -> None:
    """Add every option of a dataclass to a parser."""
    sections: dict[str, argparse._ActionsContainer] = {"": parser}
    unlisted = _unlisted(kind)
    for name, typed, default, title in declared(kind):
        # argparse appends to its default, which must not be a shared list.
        given = {**typed.settings, "default": None if default == () else default}
        if name in unlisted:
            given["help"] = argparse.SUPPRESS
            title = ""
        if title not in sections:
            sections[title] = parser.add_argument_group(title)
        if typed.names:
            made = sections[title].add_argument(*typed.names, dest=name, **given)
        else:
            made = sections[title].add_argument(name, **given)
        if completion := _COMPLETIONS.get(typed.settings.get("metavar", "")):
            # Where shtab looks for it.
            vars(made)["complete"] = completion


def names_of(kind: type) -> list[str]:
    """The names of all options of a dataclass, like `--jobs`."""
    return [name for _, typed, _, _ in declared(kind) for name in typed.names]


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
        elif _FORMATS in each.metadata:
            for typed in each.metadata[_FORMATS].values():
                yield f"{prefix}{each.name}", typed, each.default, typed.title or title
        else:
            typed = each.metadata[_TYPED]
            yield f"{prefix}{each.name}", typed, each.default, typed.title or title


def _unlisted(kind: type) -> set[str]:
    """The dotted names of the options that the help of a command leaves out."""
    return {
        f"{each.name}.{name}"
        for each in fields(kind)
        if (inner := _group_of(each)) and inner.listed is not None
        for name, *_ in declared(inner.kind)
        if name not in inner.listed
    }


def _one_of(choices: Sequence[str]) -> Callable[[str], str]:
    """A type for argparse that rejects a word outside a closed list, and says what was meant."""

    def checked(word: str) -> str:
        if word not in choices:
            raise argparse.ArgumentTypeError(
                f"invalid choice: '{word}'{choose_from(word, choices)}"
            )
        return word

    return checked


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
        elif _FORMATS in each.metadata:
            for wanted in value:
                yield each.metadata[_FORMATS][wanted.option], wanted.path, None
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
