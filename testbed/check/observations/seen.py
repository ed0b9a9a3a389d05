"""The observations of the user's program in one worker, without judgement."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from testbed.check.observations.blind_spot import BlindSpot
from testbed.check.observations.file_use import FileUse
from testbed.check.observations.operations import READING
from testbed.check.observations.reuse import NotReused
from testbed.check.observations.rows import DataRows
from testbed.check.observations.source_line import SourceLine as SourceLine
from testbed.check.observations.traces import Leak, Mixed, Retraced
from testbed.check.observations.vocabulary import Vocabulary
from testbed.check.observations.watch_failure import WatchFailure
from testbed.verdict.device_memory import DeviceMemory
from testbed.verdict.raised_error import RaisedError, StackFrame

# Raised whenever a field changes its meaning.
SEEN_VERSION = 2


@dataclass(frozen=True)
class VariableCreated:
    """The creation of a variable or a table."""

    number: int
    """Its number, in the order in which this worker created its variables."""
    name: str
    type: str
    place: SourceLine | None
    """The innermost line of the user's code on the stack."""
    libraries: tuple[str, ...] = ()
    """The library files between that line and the variable, innermost first, but TensorFlow's."""
    writers: tuple[str, ...] = ()
    """The library files from which it is written, but TensorFlow's."""
    in_scope: bool = False
    """Whether it was created in the scope of a strategy."""
    other_scope: SourceLine | None = None
    """For a variable of a thread without a scope: where another thread had an open scope."""
    distributed: bool = False
    synchronization: str = ""
    aggregation: str = ""
    shape: tuple[int | None, ...] | None = None
    dtype: str = ""
    start: Any = None
    """The initial value, where the user gave a value and no function; in the form of `copies`."""
    step: int = 0
    """How many steps had begun: calls of `strategy.run`, or of a tf.function around it."""
    in_step: bool = False
    """Whether eager code of a step created it; a tf.function creates its variables only once."""
    copies: tuple[Any, ...] = ()
    """The value of each copy at the end, in the form of `testbed.worker.watching.data.summary`."""
    looks: tuple[tuple[int, tuple[Any, ...]], ...] = ()
    """Pairs of the steps taken and the value of each copy then; two pairs after a failed step."""
    clips: str = ""
    """For the first variable of a Keras 3 optimizer: how it clips in replicas, `clipnorm=1.0`."""

    def is_of(self, *libraries: str) -> bool:
        """Whether code in one of these library files or folders created it."""
        return any(file.startswith(libraries) for file in self.libraries)

    def is_kept_by(self, *libraries: str) -> bool:
        """Whether one of these created or writes it: Keras 3 may create a layer's variables late.

        What a layer makes while a model traces its `call` is created after that, for all layers.
        """
        return any(file.startswith(libraries) for file in (*self.libraries, *self.writers))


@dataclass(frozen=True)
class Access:
    """Operations on one variable from one line by one replica."""

    variable: int
    """The number of the variable: `VariableCreated.number`."""
    copy: int
    """The number of the copy, where the variable is distributed."""
    operation: str
    who: str
    """`replica 0`, ..., `merged` (all replicas do it together), or `outside` of `strategy.run`."""
    place: SourceLine | None
    count: int = 1
    delta: Any = None
    """The value that an adding operation adds, where it is known and the same each time."""
    apart: tuple[Any, ...] = ()
    """The value of each copy, where the copies should be equal and differed when one was read."""
    foreign: bool = False
    """Whether the replicas belong to another strategy than the scope that created the variable."""
    own: bool | None = None
    """Whether the added value was computed from the value of the same variable; None: unknown."""
    called: str = ""
    """The library function that the user's line called, if any: `keras/src/....py:fit`."""
    assigns: str = ""
    """What a replica assigns to a variable that sums up over the replicas: the `mean`, a `ratio`,
    the `maximum` or `minimum` of its share of the batch, or a `constant`; empty if unknown."""

    @property
    def replica(self) -> int | None:
        """The number of the replica among all replicas in sync; None outside of replicas."""
        return int(self.who.partition(" ")[2]) if self.who.startswith("replica ") else None

    @property
    def writes(self) -> bool:
        """Whether the operation changes the variable."""
        return self.operation not in READING


@dataclass(frozen=True)
class StateChange:
    """A change of Python state by a replica function during `strategy.run`."""

    name: str
    """The name as the user writes it: `STEPS`, `self.seen`, `history`."""
    kind: str
    """`number`, `list`, or `variable` (a tensor took the place of a variable)."""
    before: Any
    after: Any
    place: SourceLine | None
    """The statement that changes it, where the watcher found one."""
    file: str = ""
    """The file of the code that holds the name."""
    used: bool = False
    """Whether the function that changes it also computes with it."""


@dataclass(frozen=True)
class Stored:
    """Values that replicas stored under one name, and that the caller of `strategy.run` reads."""

    name: str
    values: tuple[Any, ...]
    """The value of each replica of this worker, in the form of `VariableCreated.copies`."""
    run: int
    """The number of the call of `strategy.run`."""
    place: SourceLine | None
    use: SourceLine | None
    where: tuple[int, ...] = ()
    """For an array: the numbers of the elements that all replicas wrote."""


@dataclass(frozen=True)
class Frozen:
    """A value that a tf.function read when it was traced, and that had changed in a later call."""

    name: str
    traced: Any
    """None for a draw, and where the value is too large to show."""
    now: Any
    place: SourceLine | None
    function: str = ""
    kind: str = "number"
    """`number`, `text`, `array`, `object` (which holds variables), or `draw` (a random number)."""
    file: str = ""
    """The file of the code that holds the name."""


@dataclass(frozen=True)
class Collective:
    """One collective that was run or added to a graph."""

    operation: str
    shape: str
    dtype: str
    place: SourceLine | None
    by: tuple[SourceLine, ...] = ()
    """The user's lines on the stack that led to it, the outermost first."""
    trace: int = 0
    """The number of its trace on this worker; 0 where it ran eagerly."""
    step: int = 0
    reads: str = ""
    """`step`: as in `VariableCreated.step`; `reads`: the ON_READ variable whose value it gives."""


@dataclass(frozen=True)
class Crossed:
    """Two replicas of one worker that synchronised at different lines."""

    places: tuple[SourceLine, ...]
    """The line of replica 0 and the line of the other replica."""
    replica: int
    """The number of the other replica."""


@dataclass(frozen=True)
class Unused:
    """A strategy that ran nothing and has no variable in its scope."""

    type: str
    replicas: int
    """The number of replicas in sync, on all workers."""
    place: SourceLine | None


@dataclass(frozen=True)
class ConfigWrite:
    """A write of TF_CONFIG after MultiWorkerMirroredStrategy was created."""

    place: SourceLine | None
    value: str
    step: int
    """How many steps had begun, counted as in `VariableCreated.step`."""
    joined: Any = None
    made: SourceLine | None = None
    """`joined`: cluster and task of the strategy, as a TF_CONFIG has them; `made`: its line."""
    for_others: bool = False
    """Whether the program started other programs afterwards."""


@dataclass(frozen=True)
class Truth:
    """A truth test on an object of several values, which Python took for true."""

    type: str
    place: SourceLine | None


@dataclass(frozen=True)
class NoGradient:
    """A gradient tape that found no gradient at all."""

    source: str
    """The name of the first variable or tensor whose gradient was requested."""
    place: SourceLine | None


@dataclass(frozen=True)
class Given:
    """The inputs of the replicas in one step: a `strategy.run`, or a tf.function around it."""

    function: str
    place: SourceLine | None
    """The line of the first call."""
    replicas: int = 1
    calls: int = 0
    source: SourceLine | None = None
    """The line that took the first batch from its iterator."""
    plain: tuple[str, ...] = ()
    """Shapes and digests of the first batches of a plain dataset that every replica received whole;
    empty where the step also receives distributed values."""
    batches: tuple[str, ...] = ()
    """Shapes and digests of the first batches that this worker's replicas received."""
    elements: tuple[str, ...] = ()
    """Digests of the first elements that this worker's replicas received, if some are divided."""
    fed: bool = False
    """Whether the replicas receive any tensor."""
    asked: bool = False
    """Whether replicas differ by design: the step reads the number of its replica."""
    draws: bool = False
    own_draws: bool = False
    """`draws`: replicas draw random numbers; `own_draws`: the user's own lines draw them."""
    trains: bool = False
    """Whether the step changes trainable variables whose copies should be equal."""
    summed: bool = False
    """Whether the step returns one number, which one line reduces by a sum."""
    combined: tuple[str, ...] = ()
    """How the user combines the returned values: `GATHER`, `MEAN`, `SUM`."""
    uneven: tuple[int, ...] = ()
    """The sizes of the replicas' shares in the first batch with shares of different sizes."""
    averaged: SourceLine | None = None
    """The line that averages the means of the replicas' shares."""
    empty: tuple[int, ...] = ()
    """The sizes of the replicas' shares in the first batch with an empty share."""
    not_a_number: str = ""
    """The name of the value that became NaN through such a batch."""


@dataclass(frozen=True)
class Taken:
    """A line at which replicas take elements from one iterator that has an end."""

    place: SourceLine | None
    replicas: int


@dataclass(frozen=True)
class Shuffle:
    """A shuffle of a dataset."""

    place: SourceLine | None
    seeds: tuple[int, ...]
    """Two seeds; both are zero where neither the program nor the shuffle sets one."""


@dataclass(frozen=True)
class Sharded:
    """A dataset of which this worker reads one part."""

    place: SourceLine | None
    parts: int
    part: int
    shuffles: tuple[Shuffle, ...] = ()
    """The shuffles before the division."""
    source: str = ""
    """A digest of the whole data; empty if it is unknown."""
    rows: DataRows | None = None
    """The rows of the data; None if they are unknown."""


@dataclass(frozen=True)
class Draw:
    """The random numbers that one replica draws at one line of the user's code."""

    place: SourceLine | None
    step: SourceLine | None
    """The `Given.place` of its step."""
    replica: int
    """The number of the replica among all replicas in sync."""
    origin: str
    """`seeded`: equal seeds draw equal numbers; `fixed`: also equal in each step; `generator`: the
    state of a generator decides; `drawn`: only the drawn numbers are known."""
    numbers: tuple[str, ...] = ()
    """The seeds, or digests of the first drawn numbers."""
    shape: tuple[int | None, ...] | None = None
    sizes: tuple[int, ...] = ()
    """First dimensions of the step's inputs; -1 where one is not known."""
    generator: int | None = None
    """The number of the variable that holds the generator's state."""


@dataclass(frozen=True)
class ProgramError:
    """The exception that ended the user's program."""

    type: str
    message: str
    place: SourceLine | None
    by_author: bool = False
    """Whether the user's own statement raised it, and not a function that it called."""
    stated: bool = False
    """Whether a `raise` or an `assert` of the user raised it."""
    frames: tuple[StackFrame, ...] = ()
    runtime_start: StackFrame | None = None
    memory: DeviceMemory | None = None
    """`frames`, `runtime_start`, `memory`: as in `RaisedError`."""

    @property
    def error(self) -> RaisedError:
        """The exception alone, without what is known of its place."""
        return RaisedError(self.type, self.message, self.frames, self.runtime_start, self.memory)


@dataclass(frozen=True)
class WorkerObservations:
    """All observations of one worker."""

    worker: int = 0
    replicas: int = 1
    """The number of replicas of this worker."""
    strategies: tuple[str, ...] = ()
    steps: int = 0
    """How many steps were begun, counted as in `VariableCreated.step`."""
    failed_steps: tuple[int, ...] = ()
    """Steps that met the end of the data, or still ran at the end; replicas did parts of them."""
    births: tuple[VariableCreated, ...] = ()
    accesses: tuple[Access, ...] = ()
    changes: tuple[StateChange, ...] = ()
    stored: tuple[Stored, ...] = ()
    frozen: tuple[Frozen, ...] = ()
    retraced: tuple[Retraced, ...] = ()
    leaks: tuple[Leak, ...] = ()
    mixed: tuple[Mixed, ...] = ()
    not_reused: tuple[NotReused, ...] = ()
    collectives: tuple[Collective, ...] = ()
    unused: tuple[Unused, ...] = ()
    crossed: tuple[Crossed, ...] = ()
    mixed_up: tuple[Crossed, ...] = ()
    """Replicas that created variables in another order than other replicas."""
    truths: tuple[Truth, ...] = ()
    no_gradients: tuple[NoGradient, ...] = ()
    given: tuple[Given, ...] = ()
    taken: tuple[Taken, ...] = ()
    sharded: tuple[Sharded, ...] = ()
    vocabularies: tuple[Vocabulary, ...] = ()
    draws: tuple[Draw, ...] = ()
    late: tuple[ConfigWrite, ...] = ()
    files: tuple[FileUse, ...] = ()
    raised: ProgramError | None = None
    failures: tuple[WatchFailure, ...] = ()
    blind: tuple[BlindSpot, ...] = ()
    version: int = SEEN_VERSION
