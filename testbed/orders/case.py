"""Orders of the workers that run a case: its scenario, a measurement of it, or a marked test."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from testbed.catalogue.scenario import Case
from testbed.check.parity.first_steps import BothRuns
from testbed.launcher.entry import Entry
from testbed.orders.place import WorkerPlace
from testbed.verdict.reading import WorkerReport

FEWEST_STEPS = 12
"""The fewest steps that a worker times."""

_WARM_UP_SHARE = 0.3


@dataclass(frozen=True)
class BedSetup:
    """The bed of one worker: its place, the case, and the folder that all workers share."""

    place: WorkerPlace
    case: Case
    folder: str


@dataclass(frozen=True)
class ScenarioScript:
    """A scenario script as it was read before the run."""

    path: str
    copy: str
    """A copy of it from before the run, which the workers import."""
    declared: dict[str, list[str]]
    """`Scenario.ways` of each scenario, as the catalogue read them."""


@dataclass(frozen=True)
class CaseOrders:
    """The orders of a worker that runs one case."""

    setup: BedSetup
    script: ScenarioScript


RUN_CASE = Entry("testbed.worker.main:run_case", CaseOrders)


@dataclass(frozen=True)
class ServeOrders:
    """The orders of a worker or server that a chief uses."""

    place: WorkerPlace


SERVE = Entry("testbed.worker.main:serve", ServeOrders)


@dataclass(frozen=True)
class Measurement:
    """What the workers of a case measure."""

    sizes: dict[str, Any]
    """Sizes and other parameters that a program of the benchmark reads."""
    steps: int = FEWEST_STEPS
    accesses: int = 0
    """Number of calls that read or write the variable."""
    turns: int = 0
    """How often a worker waits for its turn, in which it takes all steps; 0: it never waits."""
    as_run: bool = False
    """Whether the timed steps run as in a scenario, with what the bed adds."""
    graphs: bool = False
    """Whether to keep the graphs of the steps, to count the bytes that cross devices."""
    one_thread: bool = False
    """Whether each operation uses one thread, so that a replica uses one core."""

    @property
    def warm_up(self) -> int:
        """Steps before the first timed one."""
        return max(3, int(_WARM_UP_SHARE * self.steps))


@dataclass(frozen=True)
class MeasureOrders:
    """The orders of a worker that measures a case."""

    case: CaseOrders
    measurement: Measurement


MEASURE_CASE = Entry("testbed.worker.measure:measure_case", MeasureOrders)


@dataclass(frozen=True)
class TestOrders:
    """The orders of a worker that runs one marked test; the scenario of its case is the node id."""

    __test__ = False

    setup: BedSetup
    file: str
    """The file of the test."""
    path: tuple[str, ...]
    """The `sys.path` of the launching session."""
    options: dict[str, Any]
    """The options of pytest."""
    arguments: tuple[str, ...]
    """The arguments of pytest."""
    workerinput: Any
    """The data of plugins for this worker, encoded by `testbed.verdict.values`."""


@dataclass(frozen=True)
class ClaimLine:
    """The line of a test that states a claim."""

    file: str
    line: int
    text: str


@dataclass(frozen=True)
class ParityClaim:
    """The runs of a step whose parity a test claims, as one worker recorded them."""

    place: ClaimLine
    runs: BothRuns


@dataclass(frozen=True)
class TestSessionReport:
    """The report of a worker that ran one marked test."""

    __test__ = False

    worker: WorkerReport
    claims: tuple[ClaimLine, ...]
    """The line of each claim."""
    parities: tuple[ParityClaim, ...]
    tests: tuple[dict[str, Any], ...]
    """The reports of pytest, as pytest serializes them."""
    problem: str
    """Why the test did not run; empty if it ran."""
    output: Any
    """The data that plugins leave for the launching session, encoded."""


RUN_TEST = Entry("testbed.worker.pytest_session:run_test", TestOrders)
