"""The record of `testbed bench PROGRAM`: how the program scales, and what bounds it.

`testbed/report/records/program_bench.schema.json` describes each field.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal

from testbed.bench.figures.figure import Figure
from testbed.bench.slow.bounds import BOUNDS, NONE, UNCLEAR
from testbed.cluster.cluster import Cluster
from testbed.cluster.devices import KINDS
from testbed.cluster.strategies import REPLICATING, Deployment
from testbed.decoding import AtLeast, Count, OneOf, ProcessCount, Range, Seconds, WorkerIndex
from testbed.orders.timed import COLLECTIVE, OPERATION, STEP, WAIT
from testbed.report.records.header import Record

PARTS = {
    "input": "waiting for the input",
    "tracing": "tracing tf.functions",
    "fetch": "copying values to Python",
    "communication": "exchanging values",
    "uneven": "waiting for the slowest replica",
    "fixed": "the same for any number of rows",
    "compute": "what grows with the rows",
}
"""The parts of a step, in the order in which they are shown."""

_Share = Annotated[float, Range(0, 1)]
_Ratio = Annotated[float, Range(0, 10**9)]
_Bytes = Annotated[int, Range(0, 2**60)]
_Line = Annotated[int, Range(0, 10**9)]
_Epoch = Annotated[float, Range(0, 10**12)]


@dataclass(frozen=True)
class RecordedCause:
    """One cause, with its evidence and its cure."""

    bound_by: Annotated[str, OneOf(tuple(BOUNDS))]
    """What bounds the program."""
    share: _Share
    """Its share of a step; 0 for `none` and `unclear`."""
    evidence: str
    """The figures that show it."""
    cure: str
    """What to change; empty where nothing is to be changed."""
    file: str
    """The file of the line to change first; empty if unknown."""
    line: _Line
    """That line; 0 if unknown."""


@dataclass(frozen=True)
class RecordedInterval:
    """A ratio, and its 95 % interval over the rounds."""

    value: _Ratio
    """The median."""
    low: _Ratio
    """The lower end of the interval."""
    high: _Ratio
    """The upper end."""


@dataclass(frozen=True)
class RecordedPart:
    """A part of a step on all replicas."""

    name: Annotated[str, OneOf(tuple(PARTS))]
    """What it is."""
    share: RecordedInterval
    """Its share of a step."""


@dataclass(frozen=True)
class RecordedScale:
    """The program on one number of replicas."""

    workers: ProcessCount
    """The number of workers."""
    replicas: ProcessCount
    """The number of devices of each worker."""
    step: Figure
    """Seconds of a step."""
    rows: Count
    """The rows of a step on all replicas together; 0 if unknown."""
    speedup: RecordedInterval | None
    """Rows a second, or without known rows steps a second, divided by those of one replica; None
    where the program could not be run on one."""

    @property
    def in_sync(self) -> int:
        """The number of replicas of all workers."""
        return self.workers * self.replicas

    @property
    def rows_a_second(self) -> float | None:
        """The rows of all replicas together; None if unknown."""
        return self.rows / self.step.value if self.rows else None


@dataclass(frozen=True)
class RecordedStep:
    """One call of the step, with what Python did in it, in seconds."""

    begin: _Epoch
    """Since the epoch."""
    period: Seconds
    """Until the next call begins."""
    called: Seconds
    """In the call."""
    waited: Seconds
    """Waiting for the input, outside of the call."""
    fetched: Seconds
    """Copying values to Python, outside of the call."""
    traced: Seconds
    """Tracing tf.functions."""


@dataclass(frozen=True)
class RecordedEvent:
    """A part of a step, as TensorFlow's profiler saw it."""

    name: str
    """The name of the operation or call."""
    kind: Annotated[str, OneOf((STEP, WAIT, OPERATION, COLLECTIVE))]
    """What it is."""
    replica: Annotated[int, Range(-1, 10**5)]
    """The replica of the worker; -1 for what belongs to none."""
    begin: _Epoch
    """In seconds since the epoch."""
    seconds: Seconds
    """How long it took."""


@dataclass(frozen=True)
class RecordedWorker:
    """Some steps of one worker, from the run with TensorFlow's profiler."""

    worker: WorkerIndex
    """The number of the worker."""
    rows: tuple[Count, ...]
    """The mean rows of each replica; empty if unknown."""
    busy: tuple[Seconds, ...]
    """Seconds a step that the operations of each replica took; empty without a profile."""
    steps: tuple[RecordedStep, ...]
    """The steps."""
    events: tuple[RecordedEvent, ...]
    """Their longest parts; empty without a profile."""


@dataclass(frozen=True)
class RecordedMemory:
    """The memory of one device of a worker; without GPUs that of its process."""

    worker: WorkerIndex
    """The number of the worker."""
    device: str
    """Its name in the worker, like `GPU:0`; `CPU` for the memory of the process."""
    peak: _Bytes
    """The most bytes that the program took in any run."""
    most: _Bytes | None
    """The bytes that it could take, at most; None where it is unknown."""
    row: _Bytes | None
    """The bytes that a further row of each replica takes; None where it does not show."""
    rows: Count | None
    """The rows of a replica's batch that would just fit, by estimate; None if unknown."""


@dataclass(frozen=True)
class RecordedTransformation:
    """One transformation of a tf.data pipeline."""

    name: str
    """The method, like `map`."""
    file: str
    """The file that calls it; empty if unknown."""
    line: _Line
    """The line; 0 if unknown."""
    is_parallel: bool
    """Whether it runs in parallel."""


@dataclass(frozen=True)
class Lacking:
    """A run that was not possible, so that a part is not known."""

    variant: str
    """What was run: `whole`, `memory`, `local` or `larger`."""
    on: str
    """On which strategy and cluster."""
    why: str
    """Why it was not possible."""


@dataclass(frozen=True, kw_only=True)
class ProgramBenchRecord(Record):
    """A benchmark of the user's program."""

    kind: Literal["program_bench"] = "program_bench"
    # Increased when a field changes its meaning or is removed.
    version: Literal[1] = 1
    program: str
    """The program, with its arguments."""
    device: Annotated[str, OneOf(KINDS)]
    """The kind of the devices."""
    strategy: Annotated[str, OneOf(REPLICATING)]
    """The strategy of the program."""
    rounds: Annotated[int, Range(1, 10**6)]
    """How often every variant ran."""
    steps: Annotated[int, Range(1, 10**6)]
    """The timed calls of the step in each run."""
    steps_of_a_call: Annotated[float, Range(0, 10**9)]
    """The mean number of steps in a call, as with Keras' `steps_per_execution`."""
    bound_by: Annotated[str, OneOf(tuple(BOUNDS))]
    """What bounds the program."""
    share: _Share
    """The share of a step that it takes; 0 for `none` and `unclear`."""
    evidence: str
    """The figures that show it."""
    cure: str
    """What to change first; empty where nothing is to be changed."""
    file: str
    """The file of the line to change first; empty if unknown."""
    line: _Line
    """That line; 0 if unknown."""
    further: tuple[RecordedCause, ...]
    """What else takes a large part of a step."""
    scales: Annotated[tuple[RecordedScale, ...], AtLeast(1)]
    """The program on each number of replicas, the smallest first."""
    parts: tuple[RecordedPart, ...]
    """The parts of a step on all replicas."""
    reduced_bytes: _Bytes
    """The bytes that a step reduces, as one replica holds them."""
    reductions: Count
    """The values that it reduces."""
    input: tuple[RecordedTransformation, ...]
    """The transformations of the input, in the order in which the program calls them."""
    workers: tuple[RecordedWorker, ...]
    """Some steps of each worker."""
    memory: tuple[RecordedMemory, ...]
    """The memory of each device of each worker."""
    lacking: tuple[Lacking, ...]
    """The runs that were not possible."""
    written: tuple[str, ...]
    """Files in the working folder that changed while the program ran."""

    @property
    def deployment(self) -> Deployment:
        """All replicas and workers."""
        largest = self.scales[-1]
        return Deployment(self.strategy, Cluster(largest.workers, largest.replicas))

    @property
    def headline(self) -> str:
        """The result in one sentence."""
        if self.bound_by == NONE:
            good = not self.cure
            return f"it scales as it should: {self.evidence}" if good else self.evidence
        if self.bound_by == UNCLEAR:
            return f"what bounds it is unclear: {self.evidence}"
        return f"bound by {BOUNDS[self.bound_by]}: {self.share:.0%} of a step"
