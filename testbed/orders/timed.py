"""Orders of the workers that time the steps of a user's program."""

from __future__ import annotations

from dataclasses import dataclass

from testbed.check.observations.source_line import SourceLine
from testbed.launcher.entry import Entry
from testbed.orders.own_code import ProgramOrders, ProgramReport

WHOLE, MEMORY, LOCAL, LARGER = "whole", "memory", "local", "larger"
"""What is taken away from a run: nothing; the input, whose first batches come from memory again and
again; as `MEMORY` and the communication, so that replicas keep their own values; as `MEMORY`, with
several times as many rows in each step."""

TIMES_LARGER = 3
"""How many times as many rows a step of `LARGER` has."""

STEP, WAIT, OPERATION, COLLECTIVE = "step", "wait", "operation", "collective"
"""The kinds of timed events: a step's call, a wait for input, and what TensorFlow runs in it."""


@dataclass(frozen=True)
class TimedOrders(ProgramOrders):
    """The orders of a worker that times the steps of a program."""

    variant: str = WHOLE
    all_devices: bool = False
    """Whether strategies have all devices and workers of the cluster, and none that the program
    names."""
    warm: int = 4
    """How many first steps are not timed."""
    steps: int = 30
    """How many steps are timed; then the program ends."""
    profile: str = ""
    """The folder of TensorFlow's profile of the timed steps; empty without one."""


@dataclass(frozen=True)
class TimedStep:
    """One call of a step, up to the beginning of the next one; all times are in seconds.

    A call may have several steps: `TimedReport.steps_of_a_call`.
    """

    begin: float
    """Since the epoch."""
    period: float
    """From its beginning to that of the next one."""
    called: float
    """Within the call of the step."""
    waited: float
    """Waiting for the input, outside of the call."""
    fetched: float
    """Copying values to Python, outside of the call."""
    traced: float
    """Tracing tf.functions."""
    worked: float
    """CPU time of the whole process, over all threads."""


@dataclass(frozen=True)
class PipelinePart:
    """One transformation of a tf.data pipeline, where the program calls it."""

    name: str
    """The method or class, like `map` or `from_generator`."""
    place: SourceLine | None
    is_parallel: bool
    """Whether it runs in parallel."""


@dataclass(frozen=True)
class Reduction:
    """One value that a step reduces over the replicas."""

    bytes: int
    """As one replica holds it."""
    of: str = ""
    """The variable, or the shape of the value if it belongs to none."""


@dataclass(frozen=True)
class TimedEvent:
    """A part of a step, as TensorFlow's profiler saw it."""

    name: str
    kind: str
    replica: int
    """Of this worker; -1 for what belongs to none."""
    begin: float
    """In seconds since the epoch."""
    seconds: float


@dataclass(frozen=True)
class Profile:
    """What TensorFlow's profiler saw in the timed steps."""

    busy: tuple[float, ...]
    """Seconds that the operations of each replica of this worker took in a typical step."""
    events: tuple[TimedEvent, ...]
    """The longest parts, in the order in which they began."""


@dataclass(frozen=True)
class TimedReport(ProgramReport):
    """The end of a program whose steps were timed."""

    steps: tuple[TimedStep, ...]
    """The calls of the step after the warm ones."""
    steps_of_a_call: float
    """The mean number of steps in a call, which may have a loop; mostly 1."""
    place: SourceLine | None
    """The line that calls the step."""
    replicas: int
    """Of all workers; 0 where no strategy stepped."""
    rows: int
    """The rows that a step takes on all replicas together; 0 if unknown."""
    rows_of_replicas: tuple[int, ...]
    """The mean rows of each replica of this worker; empty if unknown."""
    is_eager: bool
    """Whether `strategy.run` was called outside of any tf.function."""
    fetches: tuple[SourceLine, ...]
    """The lines that fetch a value in most of the steps."""
    traced: SourceLine | None
    """The tf.function that was traced in a timed step last; None if none was."""
    pipeline: tuple[PipelinePart, ...]
    """The transformations of the input, the outermost last."""
    reductions: tuple[Reduction, ...]
    """The values that a step reduces."""
    is_taken_away: bool
    """Whether the program was run as the variant says; not, for example, where it reads no dataset
    that could be kept in memory."""
    machine: float
    """How many cores of the machine all its processes kept busy in the timed steps; 0 if
    unknown."""
    profile: Profile | None
    """None without a profile, or where it cannot be read."""

    @property
    def reduced_bytes(self) -> int:
        """The bytes that a step reduces, as one replica holds them."""
        return sum(each.bytes for each in self.reductions)


RUN_TIMED = Entry("testbed.worker.timing.timed_program:run_timed", TimedOrders)
"""Times the steps of a user's program, with parts of them taken away."""
