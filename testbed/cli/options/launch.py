"""Options of `testbed launch`."""

from __future__ import annotations

from dataclasses import dataclass

from testbed.cli.declarations.command_words import FAILS, CommandWords
from testbed.cli.declarations.engine import EngineOptions, engine_group
from testbed.cli.declarations.model import group, option
from testbed.cli.declarations.shared import (
    ProgramDeadlineOptions,
    ProgramOptions,
    device_option,
    fresh_option,
    isolation_option,
    python_option,
)

EXIT_STATUS = """exit status:
  0  every worker ended with 0
  N  a worker ended with N, as under python: the first that failed decides; 128 + S by signal S
  124  a deadline passed: --timeout or --start-timeout
  2  the command was wrong
  130  interrupted
"""


@dataclass(frozen=True)
class LaunchOptions:
    """All options of `testbed launch`."""

    program: ProgramOptions = group(ProgramOptions)
    workers: int | None = option(
        "--workers",
        kind=int,
        metavar="W",
        help="default: 1 if the program makes MirroredStrategy or no strategy, otherwise 2",
    )
    replicas: int | None = option(
        "--replicas",
        kind=int,
        metavar="R",
        help="devices of each worker (default 1; 2 CPUs if --workers is not given and 1 suffices)",
    )
    device: str = device_option(title="")
    python: str | None = python_option(title="")
    fresh: bool = fresh_option(title="")
    deadlines: ProgramDeadlineOptions = group(ProgramDeadlineOptions)
    isolation: str = isolation_option(title="")
    engine: EngineOptions = engine_group()


COMMAND = CommandWords(
    "launch",
    FAILS,
    "run your program as a cluster on this machine",
    "Run your own program as a cluster; if a worker fails or all wait, say which and where.",
    ("launch train.py", "launch --workers 2 --timeout 600 -m package.train --epochs 3"),
    LaunchOptions,
    "[OPTION ...] (SCRIPT | -m MODULE) [ARGUMENT ...]",
    EXIT_STATUS,
    place=1,
)
