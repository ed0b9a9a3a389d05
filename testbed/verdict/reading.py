"""A worker's report: readings of objects, and the claims about them.

Workers write these as JSON, and the launching process reads them back without TensorFlow.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Annotated, Any

from testbed.decoding import Later, OneOf, Range, Seconds, WorkerIndex
from testbed.verdict.device_memory import DeviceMemory

# Increased when a field of a worker's report changes its meaning or is removed.
REPORT_VERSION = 1

Value = Any
"""The value of an object in JSON types; `Copy.value` describes its form."""

KINDS = ("variable", "tensor", "per_replica", "symbolic", "python")
"""The kinds of objects that are read."""

ORIGINS = ("tensorflow", "scenario", "testbed")
"""The code that may raise an exception in a worker."""


@dataclass(frozen=True)
class Copy:
    """One copy of an object: the device that holds it, and its value."""

    device: str
    """The device that holds it, as TensorFlow names it; empty where it has none."""
    value: Value = None
    """A number, bool, string, nested list of those, or None where no value can be read. An array
    of more than 64 elements is a string that starts with `sha256:`, and a float that JSON does not
    know is the string `nan`, `inf` or `-inf`."""
    problem: str = ""
    """TensorFlow's reason why no value can be read; empty where one can be read."""
    writers: tuple[str, ...] = ()
    """The writers of the copy during the steps: `replica 0`, ..., `merged` (all replicas write it
    together), or `outside` of `strategy.run`."""


@dataclass(frozen=True)
class Read:
    """The result of reading a variable outside of `strategy.run`."""

    value: Value = None
    """In the form of a copy's value; None where reading gives none."""
    problem: str = ""
    """TensorFlow's reason why the read gives no value; empty where it gives one."""


@dataclass(frozen=True)
class Reading:
    """The observation of one object in one worker."""

    kind: Annotated[str, OneOf(KINDS)]
    """The kind of object."""
    type: str
    """Its class."""
    name: str = ""
    """Its name; empty where it has none."""
    mirrored: bool = False
    """Whether it is a distributed variable with one copy for each replica of the worker."""
    synchronization: str = ""
    """The `tf.VariableSynchronization` of a variable; empty otherwise."""
    aggregation: str = ""
    """The `tf.VariableAggregation` of a variable; empty otherwise."""
    shape: tuple[Annotated[int, Range(0, 2**63)] | None, ...] | None = None
    """Its shape, with None for an unknown dimension; None where it has no shape, or an unknown
    one."""
    dtype: str = ""
    """Its `tf.DType`; empty where it has none."""
    copies: tuple[Copy, ...] = ()
    """Its copies, one for each device that holds one."""
    read: Annotated[Read | None, Later()] = None
    """For a variable that is synchronized on read: the value that a reader gets, which no copy
    holds, and by which a claim is judged. None for every other object, where a reader gets the
    values of the copies. Older records do not have this field."""

    @property
    def devices(self) -> list[str]:
        """The device of every copy, as TensorFlow names it."""
        return [copy.device for copy in self.copies]

    @property
    def values(self) -> list[Value]:
        """The values that a reader gets: one value, or one for every copy."""
        return [self.read.value] if self.read else [copy.value for copy in self.copies]


@dataclass(frozen=True)
class Claim:
    """A scenario's claim about an object; the fields are arguments of `Bed.claim`."""

    value: Value = None
    """The claimed value, in the form of a copy's value; None where none is claimed."""
    equal: bool = False
    """Whether all copies on all workers should hold one value."""
    mirrored: bool = False
    """Whether the device of every replica should hold one copy."""
    shared: bool = False
    """Whether the object should be identical to another, the `same_as` of `Bed.claim`."""
    start: float = 0.0
    """The value before the steps."""
    per_replica: list[Value] | None = None
    """The value that each replica computed."""
    stale: Value = None
    """The value that a trace would keep, in the form of a copy's value; None if none is given."""


@dataclass(frozen=True)
class ClaimReading:
    """A claim and one worker's reading of its object."""

    claim: Claim
    """The claim of the scenario."""
    reading: Reading
    """The reading of the object."""
    other: Reading | None = None
    """The reading of the object that should be identical, where sharing is claimed; else None."""
    identical: bool | None = None
    """Whether both are one object, where sharing is claimed; else None."""


@dataclass(frozen=True)
class Raised:
    """An exception that ended a scenario in a worker."""

    type: str
    """Its class."""
    message: str
    """Its message."""
    traceback: str
    """Its traceback."""
    origin: Annotated[str, OneOf(ORIGINS)]
    """The code that raised it."""
    where: str = ""
    """The innermost line of the scenario script, like `returned.py:12 in create`; empty where
    there is none."""
    memory: Annotated[DeviceMemory | None, Later()] = None
    """For an error of memory: the memory of the device that had none left, where it could be read.
    None for every other error, and in older records."""

    def __str__(self) -> str:
        """The type and the first informative line; the whole message may fill pages."""
        lines = [line.strip() for line in self.message.splitlines() if line.strip()]
        if lines and lines[0] == "in user code:":
            # AutoGraph puts a traceback before the message of an exception from user code.
            lines = [line.partition(": ")[2] for line in lines if _names_error(line)]
        elif lines and lines[0] == "Graph execution error:":
            # The runtime names the place where the node was made before the error itself.
            lines = [line for line in lines[1:] if not line.startswith(_WHERE_MADE)]
        return f"{self.type}: {lines[0]}" if lines else f"{self.type} with an empty message"


@dataclass(frozen=True)
class WorkerReport:
    """The complete report of one worker on one case."""

    worker: WorkerIndex
    """The worker's index."""
    replica_devices: tuple[str, ...] = ()
    """The device of each replica of this worker."""
    findings: tuple[ClaimReading, ...] = ()
    """Its claims, in the order in which they were stated."""
    raised: Raised | None = None
    """The exception that ended it; None where none did."""
    seconds: Seconds = 0.0
    """The seconds that the case took in this worker."""
    version: Annotated[int, OneOf((REPORT_VERSION,))] = REPORT_VERSION
    """The version of this format."""
    facts: dict[str, str] = field(default_factory=dict)
    """The versions and seeds of this worker."""
    memory: Annotated[tuple[DeviceMemory, ...] | None, Later()] = None
    """The memory of each GPU of this worker at its end. None on CPUs, for which TensorFlow has no
    such numbers, and in older records."""

    def to_json(self) -> dict[str, Any]:
        """Encode as JSON types."""
        return asdict(self)


_WHERE_MADE = ("Detected at node ", 'File "', "Node: ", "<stack traces")


def _names_error(line: str) -> bool:
    name, colon, _ = line.partition(": ")
    return bool(colon) and name.isidentifier() and name.endswith(("Error", "Exception"))
