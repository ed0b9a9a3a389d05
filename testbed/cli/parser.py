"""The parser: all commands, and from typed words to a command with its options."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NoReturn

from testbed import __version__
from testbed.cli.options import bench, chaos, check, doctor, explain, launch, report, run
from testbed.cli.options import list as listing
from testbed.cli.options.model import add_options, decoded
from testbed.errors import WRONG_COMMAND
from testbed.terminal import complain


@dataclass(frozen=True)
class CommandWords:
    """The command-line interface of one command, whose module in `cli/commands` has its name."""

    name: str
    help: str
    options: type
    epilog: str = ""
    usage: str | None = None


@dataclass(frozen=True)
class CommandLine:
    """A parsed command line: the command, and the dataclass of its options."""

    command: str
    options: Any


_PROGRAM = "[OPTION ...] (SCRIPT | -m MODULE) [ARGUMENT ...]"

COMMANDS = (
    CommandWords("list", "the scenarios: what each claims, where it breaks", listing.ListOptions),
    CommandWords(
        "run",
        "run scenarios and compare with what they expect",
        run.RunOptions,
        run.EXIT_STATUS,
    ),
    CommandWords(
        "worker",
        "run scenarios as one worker of a cluster that another launcher has started",
        run.WorkerOptions,
        run.EXIT_STATUS,
    ),
    CommandWords(
        "report", "show a recorded run or benchmark, or compare two", report.ReportOptions
    ),
    CommandWords("bench", "what sharing, scaling and the testbed cost", bench.BenchOptions),
    CommandWords(
        "launch",
        "run your own program as a cluster on this machine",
        launch.LaunchOptions,
        launch.EXIT_STATUS,
        f"testbed launch {_PROGRAM}",
    ),
    CommandWords(
        "check",
        "whether your own program is right under replication",
        check.CheckOptions,
        check.EXIT_STATUS,
        f"testbed check {_PROGRAM}",
    ),
    CommandWords("explain", "what a code of testbed check means", explain.ExplainOptions),
    CommandWords(
        "chaos",
        "kill, stop or cut off workers; what recovers",
        chaos.ChaosOptions,
        chaos.EXIT_STATUS,
    ),
    CommandWords(
        "doctor", "versions, devices and leftovers; what to do about each", doctor.DoctorOptions
    ),
)


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
    typed = parser().parse_args(words)
    kind = next(each.options for each in COMMANDS if each.name == typed.command)
    return CommandLine(typed.command, decoded(kind, typed))


def parser() -> argparse.ArgumentParser:
    """The parser of all commands and their options."""
    whole = _Parser(
        prog="testbed",
        description="Finds out which ways of sharing TensorFlow objects survive tf.distribute.",
        formatter_class=argparse.RawDescriptionHelpFormatter,
        epilog=run.EXIT_STATUS,
    )
    whole.add_argument("--version", action="version", version=f"testbed {__version__}")
    commands = whole.add_subparsers(
        dest="command", required=True, metavar="COMMAND", parser_class=_Parser
    )
    for each in COMMANDS:
        own = commands.add_parser(
            each.name,
            help=each.help,
            usage=each.usage,
            epilog=each.epilog,
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )
        add_options(own, each.options)
    return whole
