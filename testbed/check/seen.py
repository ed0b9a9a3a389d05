"""What was seen of somebody's own code in one worker, and its JSON; no judgement."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

# Raised whenever a field changes its meaning.
SEEN_VERSION = 1

READING = ("ReadVariableOp", "ResourceGather", "ResourceGatherNd")
"""The operations that only read a variable."""

SAME = "same"
"""The delta of an access that adds what does not depend on any data, whatever it is."""


@dataclass(frozen=True)
class Place:
    """A line of the author's code."""

    file: str
    line: int
    function: str = ""


@dataclass(frozen=True)
class Birth:
    """A variable, as it was made."""

    number: int
    """In the order in which this worker made its variables."""
    name: str
    type: str
    place: Place | None
    """The author's innermost line on the stack."""
    libraries: tuple[str, ...] = ()
    """The files of libraries between that line and the variable, innermost first; without those of
    TensorFlow: `keras/src/...`."""
    in_scope: bool = False
    """Whether a strategy was in force."""
    distributed: bool = False
    synchronization: str = ""
    aggregation: str = ""
    shape: tuple[int | None, ...] | None = None
    dtype: str = ""
    step: int = 0
    """How many steps had begun: calls of `strategy.run`, or of a tf.function around it."""
    copies: tuple[Any, ...] = ()
    """At the end, the value of each copy: see `testbed.worker.summary`."""

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
    place: Place | None
    count: int = 1
    delta: Any = None
    """What an operation that adds has added, where it is known and the same each time."""

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
    place: Place | None
    """The statement that changes it, where one was found."""
    file: str = ""
    """Of the code that keeps it."""


@dataclass(frozen=True)
class Stored:
    """What each replica of a worker put in one place, and a caller of `strategy.run` then reads."""

    name: str
    values: tuple[Any, ...]
    """Of each replica of this worker, as of `testbed.worker.summary`."""
    run: int
    """In which call of `strategy.run`."""
    place: Place | None
    use: Place | None
    where: tuple[int, ...] = ()
    """Of an array, the numbers of those elements that all replicas wrote."""


@dataclass(frozen=True)
class Frozen:
    """What a tf.function read when it was traced, and what was another one in a later call."""

    name: str
    traced: Any
    """None of what is too large to be told, and of a draw."""
    now: Any
    place: Place | None
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
    place: Place | None


@dataclass(frozen=True)
class Leak:
    """A tensor of a finished trace in the author's globals or attributes."""

    name: str
    tensor: str
    place: Place | None


@dataclass(frozen=True)
class Mixed:
    """A tf.function that was called with another variable where it had one before."""

    function: str
    first: str
    then: str
    place: Place | None


@dataclass(frozen=True)
class Collective:
    """One collective, as it was run or added to a graph."""

    operation: str
    shape: str
    dtype: str
    place: Place | None


@dataclass(frozen=True)
class Raised:
    """The exception that ended the code."""

    type: str
    message: str
    place: Place | None
    by_author: bool = False
    """Whether the author's own statement raised it, not what it called."""


@dataclass(frozen=True)
class Seen:
    """Everything that was seen in one worker."""

    worker: int = 0
    replicas: int = 1
    """Of this worker."""
    strategies: tuple[str, ...] = ()
    steps: int = 0
    """How many steps were begun: see `Birth.step`."""
    births: tuple[Birth, ...] = ()
    accesses: tuple[Access, ...] = ()
    changes: tuple[StateChange, ...] = ()
    stored: tuple[Stored, ...] = ()
    frozen: tuple[Frozen, ...] = ()
    retraced: tuple[Retraced, ...] = ()
    leaks: tuple[Leak, ...] = ()
    mixed: tuple[Mixed, ...] = ()
    collectives: tuple[Collective, ...] = ()
    raised: Raised | None = None
    version: int = SEEN_VERSION

    def to_json(self) -> dict[str, Any]:
        """As JSON types."""
        return asdict(self)

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Seen:
        """Read back what `to_json` wrote.

        Raises:
            ValueError: another version wrote it.
        """
        if data.get("version") != SEEN_VERSION:
            raise ValueError(f"version {data.get('version')}, not {SEEN_VERSION}")
        return cls(
            **{
                **data,
                "strategies": tuple(data["strategies"]),
                "births": tuple(Birth(**_placed({**b, **_tuples(b)})) for b in data["births"]),
                "accesses": tuple(Access(**_placed(each)) for each in data["accesses"]),
                "changes": tuple(StateChange(**_placed(each)) for each in data["changes"]),
                "stored": tuple(_stored(each) for each in data["stored"]),
                "frozen": tuple(Frozen(**_placed(each)) for each in data["frozen"]),
                "retraced": tuple(Retraced(**_placed(each)) for each in data["retraced"]),
                "leaks": tuple(Leak(**_placed(each)) for each in data["leaks"]),
                "mixed": tuple(Mixed(**_placed(each)) for each in data["mixed"]),
                "collectives": tuple(Collective(**_placed(e)) for e in data["collectives"]),
                "raised": Raised(**_placed(data["raised"])) if data["raised"] else None,
            }
        )


def _placed(data: Mapping[str, Any]) -> dict[str, Any]:
    place = data["place"]
    return {**data, "place": Place(**place) if place else None}


def _stored(data: Mapping[str, Any]) -> Stored:
    use = data["use"]
    use = Place(**use) if use else None
    lists = {name: tuple(data[name]) for name in ("values", "where")}
    return Stored(**{**_placed(data), **lists, "use": use})


def _tuples(birth: Mapping[str, Any]) -> dict[str, Any]:
    shape = birth["shape"]
    return {
        "shape": None if shape is None else tuple(shape),
        "copies": tuple(birth["copies"]),
        "libraries": tuple(birth["libraries"]),
    }
