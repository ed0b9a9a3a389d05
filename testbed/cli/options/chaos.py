"""Options of `testbed chaos`."""

from __future__ import annotations

from dataclasses import dataclass

from testbed.catalogue.fault import FAULTS
from testbed.catalogue.scenario import MODES
from testbed.cli.declarations.command_words import FAILS, CommandWords
from testbed.cli.declarations.model import argument, group, option, repeated, switch
from testbed.cli.declarations.shared import (
    HOW,
    SHOWN,
    WHAT,
    DeadlineOptions,
    isolation_option,
    one_of,
    python_option,
    result_options,
)
from testbed.cluster.strategies import MULTI_WORKER_MIRRORED, WITH_WORKERS
from testbed.report.formats.registry import CHAOS, WantedFile

DONE = "the fault; options that are left out are drawn at random"
NONE = "none"

EXIT_STATUS = """exit status:
  0  every case finished as it does without a fault; with --fault none, in every repetition
  1  a case did not finish, or broke its claim, or a fault was not injected
  2  the command was wrong, or a script could not be read
  130  interrupted
"""


@dataclass(frozen=True)
class ChaosOptions:
    """All options of `testbed chaos`."""

    patterns: tuple[str, ...] = argument("NAME", nargs="+", help="as for testbed run")
    strategy: tuple[str, ...] = repeated(
        "--strategy",
        title=WHAT,
        help=f"{one_of(WITH_WORKERS)} (default {MULTI_WORKER_MIRRORED}); may be repeated",
    )
    workers: int | None = option(
        "--workers", kind=int, metavar="W", title=WHAT, help="at least 2 (default 2)"
    )
    replicas: int | None = option(
        "--replicas", kind=int, metavar="R", title=WHAT, help="replicas of each worker (default 1)"
    )
    mode: tuple[str, ...] = repeated("--mode", title=WHAT, help=f"{one_of(MODES)}; may be repeated")
    fault: str | None = option(
        "--fault",
        choices=(*FAULTS, NONE),
        title=DONE,
        help="; ".join(f"{each.name}: {each.summary}" for each in FAULTS.values())
        + f"; {NONE}: no fault, so that --repeat shows how often a case fails without one",
    )
    worker: int | None = option(
        "--worker", kind=int, metavar="N", title=DONE, help="the worker that gets the fault"
    )
    at: str | None = option(
        "--at",
        metavar="PHASE",
        title=DONE,
        help="inject it when that worker reports this phase, like 'step 3'",
    )
    seconds: float = option(
        "--seconds",
        kind=float,
        default=20.0,
        metavar="S",
        title=DONE,
        help=f"how long {one_of(each.name for each in FAULTS.values() if each.lasts)} lasts"
        " (default 20)",
    )
    seed: int | None = option(
        "--seed",
        kind=int,
        metavar="S",
        title=DONE,
        help="draw the same faults as with this seed before",
    )
    repeat: int = option(
        "--repeat",
        kind=int,
        default=1,
        metavar="N",
        title=DONE,
        help="number of faults for each case",
    )
    restarts: int = option(
        "--restarts",
        kind=int,
        default=1,
        metavar="N",
        title=DONE,
        help="how often all workers are started again (default 1)",
    )
    python: str | None = python_option()
    isolation: str = isolation_option()
    deadlines: DeadlineOptions = group(DeadlineOptions, HOW)
    files: tuple[WantedFile, ...] = result_options(CHAOS)
    verbose: bool = switch(
        "-v", "--verbose", title=SHOWN, help="the workers' phases and output, live"
    )


COMMAND = CommandWords(
    "chaos",
    FAILS,
    "kill, stop or cut off workers of scenarios; what recovers",
    "Inject faults into the workers of scenarios, and report which of them recover.",
    ("chaos collective", "chaos collective --fault kill --worker 1 --at 'step 3'"),
    ChaosOptions,
    "[OPTION ...] NAME [NAME ...]",
    EXIT_STATUS,
    place=2,
)
