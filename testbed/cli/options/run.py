"""Options of `testbed run`."""

from __future__ import annotations

from dataclasses import dataclass

from testbed.catalogue.scenario import MODES
from testbed.cli.declarations.command_words import CATALOGUE, CommandWords
from testbed.cli.declarations.engine import EngineOptions, engine_group
from testbed.cli.declarations.model import argument, group, option, repeated, switch
from testbed.cli.declarations.shared import (
    HOW,
    SHOWN,
    WHAT,
    DeadlineOptions,
    device_option,
    fresh_option,
    isolation_option,
    one_of,
    python_option,
    result_options,
)
from testbed.cluster.strategies import STRATEGIES, WITH_WORKERS
from testbed.report.formats.registry import RUN, WantedFile

EXIT_STATUS = """exit status:
  0  every case showed what its scenario expects
  1  something unexpected was seen, or could not be judged
  2  the command was wrong, or a script could not be read
  130  interrupted
"""


@dataclass(frozen=True)
class RunOptions:
    """All options of `testbed run`."""

    patterns: tuple[str, ...] = argument(
        "NAME",
        nargs="*",
        help="script (module_global), scenario (module_global.counter), case id, a pattern of"
        " these with * and ?, or a script's path; default: all",
    )
    strategy: tuple[str, ...] = repeated(
        "--strategy", title=WHAT, help=f"{one_of(STRATEGIES)}; may be repeated"
    )
    workers: int | None = option(
        "--workers", kind=int, metavar="W", title=WHAT, help=f"workers of {one_of(WITH_WORKERS)}"
    )
    replicas: int | None = option(
        "--replicas", kind=int, metavar="R", title=WHAT, help="replicas of each worker"
    )
    mode: tuple[str, ...] = repeated("--mode", title=WHAT, help=f"{one_of(MODES)}; may be repeated")
    device: str = device_option(
        "cpu: logical CPU devices (default); gpu: this machine's GPUs; split-gpu: a GPU"
        " divided into logical ones, which workers share if there are too few GPUs"
    )
    python: str | None = python_option()
    isolation: str = isolation_option()
    jobs: int | None = option(
        "-j", "--jobs", kind=int, metavar="N", title=HOW, help="cases side by side"
    )
    fresh: bool = fresh_option()
    deadlines: DeadlineOptions = group(DeadlineOptions, HOW)
    files: tuple[WantedFile, ...] = result_options(RUN)
    verbose: bool = switch(
        "-v", "--verbose", title=SHOWN, help="every reading, and the workers' output, live"
    )
    engine: EngineOptions = engine_group()


COMMAND = CommandWords(
    "run",
    CATALOGUE,
    "run scenarios, and compare with what they expect",
    "Run scenarios on real clusters, and compare what they show with what they expect.",
    (
        "run module_global",
        "run 'returned.*' --strategy mirrored --replicas 2 --html page.html",
    ),
    RunOptions,
    "[OPTION ...] [NAME ...]",
    EXIT_STATUS,
    place=2,
)
