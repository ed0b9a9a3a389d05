"""What was seen of somebody's own code in one worker, and its JSON; no judgement."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from testbed.decoding import decoded

# Raised whenever a field changes its meaning.
SEEN_VERSION = 2

READING = ("ReadVariableOp", "ResourceGather", "ResourceGatherNd", "LookupTableFindV2")
"""The operations that only read a variable, or a table."""

ADDING = ("AssignAddVariableOp", "AssignSubVariableOp")
"""The operations that add to a variable, or subtract from it."""

ASSIGNING = "AssignVariableOp"
"""The operation that gives a variable another value."""

TABLE = "table"
"""The type of what is born as a lookup table."""

SAME = "same"
"""The delta of an access that adds what does not depend on any data, whatever it is."""


@dataclass(frozen=True)
class SourceLine:
    """A line of the author's code."""

    file: str
    line: int
    function: str = ""


@dataclass(frozen=True)
class VariableCreated:
    """A variable, as it was made."""

    number: int
    """In the order in which this worker made its variables."""
    name: str
    type: str
    place: SourceLine | None
    """The author's innermost line on the stack."""
    libraries: tuple[str, ...] = ()
    """The files of libraries between that line and the variable, innermost first; without those of
    TensorFlow: `keras/src/...`."""
    in_scope: bool = False
    """Whether a strategy was in force."""
    other_scope: SourceLine | None = None
    """Where another thread had entered a scope in which it still was, of a variable that was made
    in a thread without one."""
    distributed: bool = False
    synchronization: str = ""
    aggregation: str = ""
    shape: tuple[int | None, ...] | None = None
    dtype: str = ""
    start: Any = None
    """The initial value, where the author gave a value and no function: as `copies`."""
    step: int = 0
    """How many steps had begun: calls of `strategy.run`, or of a tf.function around it."""
    copies: tuple[Any, ...] = ()
    """At the end, the value of each copy: see `testbed.worker.watching.data.summary`."""
    looks: tuple[tuple[int, tuple[Any, ...]], ...] = ()
    """How many steps had been taken, and what each copy held then."""

    @property
    def is_table(self) -> bool:
        """Whether it is a lookup table, and no variable."""
        return self.type == TABLE

    def is_of(self, *libraries: str) -> bool:
        """Whether one of these parts of a library made it."""
        return any(file.startswith(libraries) for file in self.libraries)


@dataclass(frozen=True)
class Access:
    """Operations on one variable from one line by one replica."""

    variable: int
    """The number of its birth."""
    copy: int
    """Which copy of it, of a distributed one."""
    operation: str
    who: str
    """`replica 0`, ..., `merged` for what all replicas do together, `outside`."""
    place: SourceLine | None
    count: int = 1
    delta: Any = None
    """What an operation that adds has added, where it is known and the same each time."""
    apart: tuple[Any, ...] = ()
    """Where copies that should be alike differed when one of them was read: each copy's value."""
    foreign: bool = False
    """Whether replicas of another strategy did it than the one in whose scope it was made."""
    own: bool | None = None
    """Whether what an operation adds was computed from the variable's own value, where known."""
    called: str = ""
    """What the author's line had called of a library, if any: `keras/src/....py:fit`."""

    @property
    def replica(self) -> int | None:
        """The number of the replica, of all in sync."""
        return int(self.who.partition(" ")[2]) if self.who.startswith("replica ") else None

    @property
    def writes(self) -> bool:
        """Whether the variable is changed by it."""
        return self.operation not in READING


@dataclass(frozen=True)
class StateChange:
    """Python state that a replica function changed while `strategy.run` went on."""

    name: str
    """As the author writes it: `STEPS`, `self.seen`, `history`."""
    kind: str
    """`number`, `list`, or `variable` where a tensor took the place of one."""
    before: Any
    after: Any
    place: SourceLine | None
    """The statement that changes it, where one was found."""
    file: str = ""
    """Of the code that keeps it."""


@dataclass(frozen=True)
class Stored:
    """What each replica of a worker put in one place, and a caller of `strategy.run` then reads."""

    name: str
    values: tuple[Any, ...]
    """Of each replica of this worker, as of `testbed.worker.watching.data.summary`."""
    run: int
    """In which call of `strategy.run`."""
    place: SourceLine | None
    use: SourceLine | None
    where: tuple[int, ...] = ()
    """Of an array, the numbers of those elements that all replicas wrote."""


@dataclass(frozen=True)
class Frozen:
    """What a tf.function read when it was traced, and what was another one in a later call."""

    name: str
    traced: Any
    """None of what is too large to be told, and of a draw."""
    now: Any
    place: SourceLine | None
    function: str = ""
    kind: str = "number"
    """`number`, `text`, `array`, `object` (which holds variables), or `draw` of a random number."""
    file: str = ""
    """Of the code that keeps it."""


@dataclass(frozen=True)
class Retraced:
    """How often a tf.function of the author's was called, and how many of these calls traced it."""

    function: str
    calls: int
    traces: int
    why: str
    """What differed most often from the call that had traced it before."""
    place: SourceLine | None


@dataclass(frozen=True)
class Leak:
    """A tensor of a finished trace in the author's globals or attributes."""

    name: str
    tensor: str
    place: SourceLine | None


@dataclass(frozen=True)
class Mixed:
    """A tf.function that was called with another variable where it had one before."""

    function: str
    first: str
    then: str
    place: SourceLine | None


@dataclass(frozen=True)
class Collective:
    """One collective, as it was run or added to a graph."""

    operation: str
    shape: str
    dtype: str
    place: SourceLine | None
    by: tuple[SourceLine, ...] = ()
    """The author's lines by which it was reached, the outermost first."""
    trace: int = 0
    """The number of the trace of which it is a part, on this worker; 0 of what was run at once."""


@dataclass(frozen=True)
class Crossed:
    """Replicas of one worker that came together from different lines."""

    places: tuple[SourceLine, ...]
    """Of replica 0, and of the other one."""
    replica: int
    """The other one."""


@dataclass(frozen=True)
class Unused:
    """A strategy that was made, and then neither ran anything nor had a variable in its scope."""

    type: str
    replicas: int
    """In sync, of all workers."""
    place: SourceLine | None


@dataclass(frozen=True)
class Truth:
    """Where Python asked for the truth of what has several values, and took it for true."""

    type: str
    place: SourceLine | None


@dataclass(frozen=True)
class NoGradient:
    """A tape that found no gradient at all."""

    source: str
    """The name of the first variable or tensor for which it was asked."""
    place: SourceLine | None


@dataclass(frozen=True)
class Given:
    """What the replicas of one step are given: a `strategy.run`, or a tf.function around it."""

    function: str
    place: SourceLine | None
    """Of the first call."""
    replicas: int = 1
    """Of this worker."""
    calls: int = 0
    source: SourceLine | None = None
    """Where the first batch was taken from its iterator."""
    plain: tuple[str, ...] = ()
    """Shapes and digests of the first batches of a plain dataset that went to all replicas alike;
    none where the step is given distributed values, too."""
    batches: tuple[str, ...] = ()
    """Shapes and digests of the first batches that this worker's replicas were given."""
    fed: bool = False
    """Whether they are given any tensor."""
    asked: bool = False
    """Whether the step does by design what differs: its replicas ask for their numbers."""
    draws: bool = False
    own_draws: bool = False
    """Whether replicas draw random numbers, and whether the author's own lines do."""
    trains: bool = False
    """Whether it changes trainable variables that are to be alike."""
    summed: bool = False
    """Whether what it returns is one number, and is reduced by a sum at one line."""
    combined: tuple[str, ...] = ()
    """How the author brings together what it returns: `GATHER`, `MEAN`, `SUM`."""
    uneven: tuple[int, ...] = ()
    """The sizes of the first batch of which replicas have different shares."""
    averaged: SourceLine | None = None
    """Where the means of the replicas' shares are averaged."""
    empty: tuple[int, ...] = ()
    """The sizes of the first batch of which a replica has nothing."""
    not_a_number: str = ""
    """What has become NaN by such a batch."""


@dataclass(frozen=True)
class Taken:
    """A line at which replicas take elements from one iterator that has an end."""

    place: SourceLine | None
    replicas: int


@dataclass(frozen=True)
class Draw:
    """What one replica draws at one line of the author's."""

    place: SourceLine | None
    step: SourceLine | None
    """The `Given.place` of the step."""
    replica: int
    """Of all in sync."""
    origin: str
    """`seeded`: the same seeds draw the same; `fixed`: they draw the same in each step, too;
    `generator`: from a variable; `drawn`: told by what was drawn."""
    numbers: tuple[str, ...]
    """The seeds, the number of the variable, or digests of what was drawn first."""
    shape: tuple[int | None, ...] | None = None
    sizes: tuple[int, ...] = ()
    """First dimensions of what the step is given; -1 where that is not known."""


@dataclass(frozen=True)
class ProgramError:
    """The exception that ended the code."""

    type: str
    message: str
    place: SourceLine | None
    by_author: bool = False
    """Whether the author's own statement raised it, not what it called."""


@dataclass(frozen=True)
class WatchFailure:
    """An exception of a watcher or a hook, which may have kept something from being seen."""

    watcher: str
    """Which one, like `data`."""
    problem: str
    """Class and first line, like `AttributeError: no such attribute`."""
    count: int


@dataclass(frozen=True)
class WorkerObservations:
    """Everything that was seen in one worker."""

    worker: int = 0
    replicas: int = 1
    """Of this worker."""
    strategies: tuple[str, ...] = ()
    steps: int = 0
    """How many steps were begun: see `VariableCreated.step`."""
    births: tuple[VariableCreated, ...] = ()
    accesses: tuple[Access, ...] = ()
    changes: tuple[StateChange, ...] = ()
    stored: tuple[Stored, ...] = ()
    frozen: tuple[Frozen, ...] = ()
    retraced: tuple[Retraced, ...] = ()
    leaks: tuple[Leak, ...] = ()
    mixed: tuple[Mixed, ...] = ()
    collectives: tuple[Collective, ...] = ()
    unused: tuple[Unused, ...] = ()
    crossed: tuple[Crossed, ...] = ()
    mixed_up: tuple[Crossed, ...] = ()
    """Where replicas made variables that others had made in another order."""
    truths: tuple[Truth, ...] = ()
    no_gradients: tuple[NoGradient, ...] = ()
    given: tuple[Given, ...] = ()
    taken: tuple[Taken, ...] = ()
    draws: tuple[Draw, ...] = ()
    raised: ProgramError | None = None
    failures: tuple[WatchFailure, ...] = ()
    version: int = SEEN_VERSION

    def to_json(self) -> dict[str, Any]:
        """As JSON types."""
        return asdict(self)

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> WorkerObservations:
        """Read back what `to_json` wrote.

        Raises:
            ValueError: another version wrote it.
        """
        if data.get("version") != SEEN_VERSION:
            raise ValueError(f"version {data.get('version')}, not {SEEN_VERSION}")
        return decoded(cls, data)
