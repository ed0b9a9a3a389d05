"""The parser: all commands, and from typed words to a command with its options."""

from __future__ import annotations

import argparse
import shutil
import sys
import textwrap
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NoReturn

from testbed import __version__
from testbed.cli.declarations.command_words import DOORS, CommandWords, LeadingWords, commands
from testbed.cli.declarations.engine import ENGINES, EngineOptions
from testbed.cli.declarations.model import add_options, decoded, names_of
from testbed.errors import WRONG_COMMAND, did_you_mean, unknown_name
from testbed.terminal import complain

_WIDEST = 100
"""The help is no wider, so that its lines stay readable."""


@dataclass(frozen=True)
class CommandLine:
    """A parsed command line: the command, and the dataclass of its options."""

    command: str
    options: Any


class _Parser(argparse.ArgumentParser):
    """Reports an error in one line, with the command whose help lists the valid options."""

    def error(self, message: str) -> NoReturn:
        complain(f"{message} ({self.prog} --help)")
        sys.exit(WRONG_COMMAND)


def parse(words: Sequence[str] | None = None) -> CommandLine:
    """Parse a command line.

    Raises:
        SystemExit: the words are wrong (status 2), or ask for help or the version.
    """
    words = list(sys.argv[1:] if words is None else words)
    whole = parser()
    known = commands()
    if not words:
        print(first_page())
        sys.exit(0)
    if not words[0].startswith("-") and words[0] not in known:
        whole.error(unknown_name("command", words[0], known))
    typed, left = whole.parse_known_args(words)
    command = known[typed.command]
    if command.leading:
        left += _divide_words(typed, command, command.leading)
    if left:
        options = names_of(command.options)
        hint = did_you_mean(left[0].partition("=")[0], options)
        complain(f"unrecognized arguments: {' '.join(left)}{hint} (testbed {command.name} --help)")
        sys.exit(WRONG_COMMAND)
    return CommandLine(command.name, decoded(command.options, typed))


def _divide_words(
    typed: argparse.Namespace, command: CommandWords, leading: LeadingWords
) -> list[str]:
    """Tell the first arguments of a command from the words of the user's program.

    Returns the words that are neither.
    """
    own = _Parser(prog=f"testbed {command.name}")
    add_options(own, command.options)
    found, left, words = [], [], _given(typed, leading)
    while words and (words[0] in leading.words or words[0].startswith("-")):
        if words[0] in leading.words:
            found.append(words.pop(0))
            continue
        # Options that follow these words.
        vars(typed).update({leading.arguments: None, leading.program: None})
        _, unknown = own.parse_known_args(words, typed)
        left += unknown
        words = _given(typed, leading)
    vars(typed).update({leading.arguments: found, leading.program: words})
    return left


def _given(typed: argparse.Namespace, leading: LeadingWords) -> list[str]:
    parts = (vars(typed)[name] or () for name in (leading.arguments, leading.program))
    return [word for part in parts for word in part]


def parser() -> argparse.ArgumentParser:
    """The parser of all commands and their options."""
    whole = _Parser(prog="testbed", usage=argparse.SUPPRESS, add_help=False)
    whole.add_argument("-h", "--help", action=_FirstPage, nargs=0, help="this page")
    whole.add_argument("--version", action=_Versions, nargs=0, help="the versions that are used")
    subparsers = whole.add_subparsers(
        dest="command", required=True, metavar="COMMAND", prog="testbed", parser_class=_Parser
    )
    for each in commands().values():
        own = subparsers.add_parser(each.name, help=each.short)
        _describe(own, each)
    return whole


def help_of(command: str) -> str:
    """The help of a command."""
    own = _Parser(prog=f"testbed {command}")
    _describe(own, commands()[command])
    return own.format_help()


def engine_help() -> str:
    """The help of all engines and their options, which several commands share."""
    lines = ["Run a command on several hosts. The engine starts its workers.", ""]
    lines += [f"  testbed {each.usage}" for each in ENGINES.values() if each.usage]
    lines += ["", "engines (--engine):"]
    for each in ENGINES.values():
        lines += _wrapped(f"  {each.name:12}", each.summary, _width())
    whole = _Parser(
        prog="testbed COMMAND",
        usage=argparse.SUPPRESS,
        add_help=False,
        formatter_class=_formatter,
        description="\n".join(lines),
    )
    add_options(whole, EngineOptions)
    return whole.format_help().lstrip("\n")


def first_page() -> str:
    """The page that `testbed` alone prints: what it answers, and with which command."""
    lines = [
        "testbed shows what TensorFlow objects, and your program, do under tf.distribute.",
        "",
    ]
    for door in DOORS:
        inside = [(each.name, each.short) for each in commands().values() if each.door == door]
        lines.append(door.question)
        for name, short in [*inside, *door.also]:
            lines += _wrapped(f"  {name:11}", short, _width())
        lines.append("")
    lines += [
        "testbed COMMAND --help    one command, with examples",
        "testbed help engines      Slurm, Ray, Kubernetes and other launchers",
        "testbed --version",
        "",
        "exit status: 0 as expected, 1 unexpected, 2 wrong command, 130 interrupted",
    ]
    return "\n".join(lines)


class _FirstPage(argparse.Action):
    """Prints the first page, and ends."""

    def __call__(self, *_: Any, **__: Any) -> NoReturn:
        print(first_page())
        sys.exit(0)


class _Versions(argparse.Action):
    """Prints the versions of the testbed and of TensorFlow, and ends."""

    def __call__(self, *_: Any, **__: Any) -> NoReturn:
        # Imported here: other commands do not need it.
        from testbed.launcher.interpreter.interpreter import found_in, with_tested

        print(f"testbed {__version__}, {with_tested(found_in().tensorflow)}")
        sys.exit(0)


def _wrapped(begin: str, text: str, width: int) -> list[str]:
    """A text after its beginning, whose further lines are indented as far."""
    begin = f"{begin} "
    return textwrap.wrap(text, width, initial_indent=begin, subsequent_indent=" " * len(begin))


def _describe(own: argparse.ArgumentParser, words: CommandWords) -> None:
    """Give the parser of a command its help and its options; the usage follows the examples."""
    examples = "\n".join(f"  testbed {each}" for each in words.examples)
    usage = f"usage: testbed {words.name} {words.usage}"
    own.usage = argparse.SUPPRESS
    sentence = textwrap.fill(words.sentence, _width())
    own.description = f"{sentence}\n\n{examples}\n\n{usage}"
    own.epilog = "\n".join(
        textwrap.fill(line, _width(), subsequent_indent=" " * 5)
        for line in words.epilog.splitlines()
    )
    own.formatter_class = _formatter
    add_options(own, words.options)


def _formatter(prog: str) -> argparse.HelpFormatter:
    return argparse.RawDescriptionHelpFormatter(prog, max_help_position=26, width=_width())


def _width() -> int:
    return min(shutil.get_terminal_size().columns, _WIDEST)
