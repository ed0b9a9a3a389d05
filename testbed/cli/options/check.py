"""Options of `testbed check`."""

from __future__ import annotations

from dataclasses import dataclass

from testbed.cli.declarations.command_words import RIGHT, CommandWords
from testbed.cli.declarations.engine import EngineOptions, engine_group
from testbed.cli.declarations.model import group, option, repeated, switch
from testbed.cli.declarations.shared import (
    SHOWN,
    ProgramDeadlineOptions,
    ProgramOptions,
    fresh_option,
    isolation_option,
    python_option,
)
from testbed.cluster.strategies import MIRRORED, MULTI_WORKER_MIRRORED, REPLICATING
from testbed.report.formats.registry import CHECK, TEXT, formats_of

ON = "what it runs on"

EXIT_STATUS = """exit status:
  0  nothing found
  1  findings: errors (the result is wrong) or warnings (it works by luck)
  2  the command was wrong
  3  the program failed by itself, or its own TF_CONFIG kept the workers apart
  4  nothing found, but watching failed, so that findings may be missing
  5  nothing was checked: the program made no MirroredStrategy or MultiWorkerMirroredStrategy
  130  interrupted
"""


@dataclass(frozen=True)
class CheckOptions:
    """All options of `testbed check`."""

    program: ProgramOptions = group(ProgramOptions)
    strategy: str | None = option(
        "--strategy",
        choices=REPLICATING,
        title=ON,
        help="default: the one that the program makes first",
    )
    workers: int | None = option(
        "--workers", kind=int, metavar="W", title=ON, help=f"default 2 on {MULTI_WORKER_MIRRORED}"
    )
    replicas: int | None = option(
        "--replicas",
        kind=int,
        metavar="R",
        title=ON,
        help=f"replicas of each worker (default 2 on {MIRRORED}, 1 on {MULTI_WORKER_MIRRORED})",
    )
    no_parity: bool = switch(
        "--no-parity",
        title=ON,
        help="do not run the first steps again with one replica, to compare them",
    )
    python: str | None = python_option(title=ON)
    fresh: bool = fresh_option(title=ON)
    deadlines: ProgramDeadlineOptions = group(ProgramDeadlineOptions)
    isolation: str = isolation_option(title="")
    format: str = option(
        "--format",
        default=TEXT,
        choices=tuple(each.name for each in formats_of(CHECK)),
        title=SHOWN,
        help="; ".join(f"{each.name}: {each.help}" for each in formats_of(CHECK)),
    )
    output: str | None = option(
        "--output", metavar="FILE", title=SHOWN, help="write the result to a file instead"
    )
    select: tuple[str, ...] = repeated(
        "--select", metavar="CODE", title=SHOWN, help="only these codes, like TB1 or TB101,TB201"
    )
    ignore: tuple[str, ...] = repeated(
        "--ignore", metavar="CODE", title=SHOWN, help="all but these codes"
    )
    engine: EngineOptions = engine_group()


COMMAND = CommandWords(
    "check",
    RIGHT,
    "find the lines that are wrong under replication",
    "Run your own program, watch it, and name the lines that are wrong under replication.",
    ("check train.py", "check --strategy multi_worker_mirrored --workers 2 -m package.train"),
    CheckOptions,
    "[OPTION ...] (SCRIPT | -m MODULE) [ARGUMENT ...]",
    EXIT_STATUS,
)
