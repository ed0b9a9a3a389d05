"""Options that several commands share."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from testbed.cli.declarations.model import option, rest, result_files, switch
from testbed.cluster.devices import KINDS
from testbed.cluster.isolation_levels import AUTO, LEVELS
from testbed.report.formats.registry import formats_of

WHAT, HOW, SHOWN = "what is run", "how", "what is shown"
"""Titles of sections of the help."""

LIMIT_S = 60.0
"""Default deadline of a case's start, and of its run, in seconds."""


def one_of(names: Iterable[str]) -> str:
    """The names as text, like `eager, function or compiled`."""
    *others, last = names
    return f"{', '.join(others)} or {last}"


@dataclass(frozen=True)
class DeadlineOptions:
    """How long a case may take, in seconds."""

    start_timeout: float = option(
        "--start-timeout", kind=float, default=LIMIT_S, metavar="S",
        help="seconds until every worker of a case has joined (default 60)",
    )  # fmt: skip
    timeout: float = option(
        "--timeout", kind=float, default=LIMIT_S, metavar="S",
        help="seconds from then until every worker has reported (default 60)",
    )  # fmt: skip


@dataclass(frozen=True)
class ProgramDeadlineOptions:
    """How long a user's program may take, in seconds."""

    start_timeout: float = option(
        "--start-timeout", kind=float, default=LIMIT_S, metavar="S",
        help="seconds from when the first worker makes its strategy until all have (default 60)",
    )  # fmt: skip
    timeout: float = option(
        "--timeout", kind=float, default=math.inf, metavar="S",
        help="seconds until every worker has ended (default: no limit)",
    )  # fmt: skip


@dataclass(frozen=True)
class ProgramOptions:
    """A user's program and its own arguments."""

    script: tuple[str, ...] = rest(metavar="SCRIPT", help="a script and its own arguments")
    module: tuple[str, ...] = rest(
        "-m", metavar="MODULE", help="a module instead of a script, and its own arguments"
    )


def isolation_option(title: str = HOW) -> Any:
    """The option `--isolation`."""
    return option(
        "--isolation",
        title=title,
        default=AUTO,
        choices=LEVELS,
        help="auto: private namespaces for the workers, where the kernel allows them (default);"
        " required: fail without a private network; none: no isolation",
    )


def device_option(help: str = "as for testbed run", title: str = HOW) -> Any:
    """The option `--device`."""
    return option("--device", default="cpu", choices=KINDS, title=title, help=help)


def fresh_option(title: str = HOW) -> Any:
    """The option `--fresh`."""
    return switch("--fresh", title=title, help="a new interpreter for every worker")


def python_option(title: str = HOW) -> Any:
    """The option `--python`."""
    return option(
        "--python",
        metavar="PATH",
        title=title,
        help="run the workers in that interpreter, with its TensorFlow",
    )


def result_options(*kinds: str) -> Any:
    """The options of the files to which a command writes its result, of one of these kinds."""
    return result_files([each for each in formats_of(*kinds) if not each.printed], SHOWN)
