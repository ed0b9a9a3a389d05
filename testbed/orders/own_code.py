"""Orders of the workers that run the user's code: a program or a function."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from testbed.check.observations.seen import WorkerObservations
from testbed.check.parity.first_steps import FirstSteps
from testbed.cluster.strategies import Deployment
from testbed.launcher.entry import Entry
from testbed.orders.place import WorkerPlace
from testbed.verdict.device_memory import DeviceMemory
from testbed.verdict.raised_error import RaisedError


@dataclass(frozen=True)
class OwnCodeSetup:
    """The surroundings of the user's code in one worker."""

    place: WorkerPlace
    deployment: Deployment
    undecided_devices: int = 0
    """Devices of a one-process program. If it is not 0, worker 0 finds out which cluster the
    program needs, and the others wait for it."""
    checked: bool = False
    """Whether only MirroredStrategy and MultiWorkerMirroredStrategy show the needed cluster."""
    seed: int = 0
    """Seeds the random numbers of this worker for which the program sets no seed, so that another
    run can draw the same; 0: they differ in each run."""


@dataclass(frozen=True)
class Program:
    """A user's program: the path of a script or the name of a module, and its arguments."""

    name: str
    arguments: tuple[str, ...] = ()
    is_module: bool = False
    copy: str = ""
    """The copy of the script to run instead, as it was before the run; empty without one."""


@dataclass(frozen=True)
class ProgramOrders:
    """The orders of a worker that runs a program."""

    setup: OwnCodeSetup
    program: Program


@dataclass(frozen=True)
class ProgramReport:
    """The end of a program in one worker."""

    code: int
    """The exit code, as in a shell."""
    raised: str
    """The uncaught exception in one line; empty without one."""
    error: RaisedError | None
    """The uncaught exception, as it was recorded."""
    memory: tuple[DeviceMemory, ...] | None
    """The memory of each GPU at the end; None without GPUs."""

    @property
    def said(self) -> str:
        """The uncaught exception in one line, without the stack with which some messages begin."""
        return self.error.headline if self.error and self.error.has_stack else self.raised


RUN_PROGRAM = Entry("testbed.worker.user_code.program:run_program", ProgramOrders)


@dataclass(frozen=True)
class CheckedReport(ProgramReport):
    """The end of a program in a worker that watched it, and the observations."""

    seen: WorkerObservations
    watching: float
    """Seconds that watching took."""
    first: FirstSteps | None = None
    """The first steps, for the comparison with one replica."""


RUN_CHECKED = Entry("testbed.worker.user_code.checked:run_checked", ProgramOrders)


@dataclass(frozen=True)
class UnreplicatedOrders(ProgramOrders):
    """The orders of a worker that runs a program again, to compare it with the first run."""

    default: bool = False
    """Whether TensorFlow's default strategy takes the place of the program's own. If not, its own
    strategy has one replica."""
    first_steps: bool = False
    """Whether the program ends after its first steps."""
    copies: bool = False
    """Whether the program has all its replicas, and each of them gets the batch that a single one
    would have."""


RUN_UNREPLICATED = Entry(
    "testbed.worker.user_code.unreplicated:run_unreplicated", UnreplicatedOrders
)
"""Runs the program with a single replica, and reports as RUN_CHECKED does."""


@dataclass(frozen=True)
class FunctionName:
    """The place of a function: a module, or the script that was started."""

    name: str
    """Its dotted name there."""
    module: str = ""
    script: str = ""
    """The path of the script; empty for a module."""


@dataclass(frozen=True)
class FunctionOrders:
    """The orders of a worker that calls a function."""

    setup: OwnCodeSetup
    function: FunctionName
    arguments: str
    """The file that holds the arguments of the function."""
    path: tuple[str, ...]
    """The `sys.path` of the launching process."""
    argv: tuple[str, ...]
    """The `sys.argv` of the launching process."""


@dataclass(frozen=True)
class FunctionFailure:
    """Why a function has no result."""

    raised: str
    """The exception in one line."""
    traceback: str = ""


@dataclass(frozen=True)
class FunctionReport:
    """The end of a function in one worker: its result, or its failure."""

    result: Any = None
    """The returned value, encoded by `testbed.verdict.values`."""
    failure: FunctionFailure | None = None


RUN_FUNCTION = Entry("testbed.worker.user_code.function:run_function", FunctionOrders)
