"""A worker's report: readings of objects, and the claims about them.

Workers write these as JSON, and the launching process reads them back without TensorFlow.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any

# Increased whenever a field of a worker's report changes its meaning.
REPORT_VERSION = 1

Value = Any
"""A number, bool, string, nested list of those, or None where no value can be read.

An array of more than 64 elements is a string that starts with `sha256:`, and a float that JSON
does not know is the string `nan`, `inf` or `-inf`.
"""


@dataclass(frozen=True)
class Copy:
    """One copy of an object: the device that holds it, and its value."""

    device: str
    value: Value = None
    problem: str = ""
    """TensorFlow's reason why no value can be read."""
    writers: tuple[str, ...] = ()
    """The writers of the copy during the steps: `replica 0`, ..., `merged` (all replicas write it
    together), or `outside` of `strategy.run`."""


@dataclass(frozen=True)
class Read:
    """The result of reading a variable outside of `strategy.run`."""

    value: Value = None
    problem: str = ""
    """TensorFlow's reason why the read gives no value."""


@dataclass(frozen=True)
class Reading:
    """The observation of one object in one worker.

    `kind` is one of: variable, tensor, per_replica, symbolic, python.
    """

    kind: str
    type: str
    name: str = ""
    mirrored: bool = False
    """Whether it is a distributed variable with one copy for each replica of the worker."""
    synchronization: str = ""
    aggregation: str = ""
    shape: tuple[int | None, ...] | None = None
    dtype: str = ""
    copies: tuple[Copy, ...] = ()
    read: Read | None = None
    """For a variable that is synchronized on read: the value that a reader gets, which no copy
    holds. None for every other object, where a reader gets the values of the copies."""

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
    equal: bool = False
    mirrored: bool = False
    shared: bool = False
    """Whether the object should be identical to another, the `same_as` of `Bed.claim`."""
    start: float = 0.0
    per_replica: list[Value] | None = None
    stale: Value = None


@dataclass(frozen=True)
class ClaimReading:
    """A claim and one worker's reading of its object."""

    claim: Claim
    reading: Reading
    other: Reading | None = None
    """The reading of the object that should be identical, where sharing is claimed."""
    identical: bool | None = None


@dataclass(frozen=True)
class Raised:
    """An exception that ended a scenario in a worker."""

    type: str
    message: str
    traceback: str
    origin: str
    """The code that raised it: `tensorflow`, `scenario` or `testbed`."""
    where: str = ""
    """The innermost line of the scenario script, like `returned.py:12 in create`."""

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

    worker: int
    replica_devices: tuple[str, ...] = ()
    findings: tuple[ClaimReading, ...] = ()
    raised: Raised | None = None
    seconds: float = 0.0
    version: int = REPORT_VERSION
    facts: dict[str, str] = field(default_factory=dict)
    """The versions and seeds of this worker."""

    def to_json(self) -> dict[str, Any]:
        """Encode as JSON types."""
        return asdict(self)

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> WorkerReport:
        """Read back what `to_json` wrote.

        Raises:
            ValueError: the report was written by another version of the testbed.
        """
        if data.get("version") != REPORT_VERSION:
            raise ValueError(f"report version {data.get('version')}, not {REPORT_VERSION}")
        return cls(
            worker=data["worker"],
            replica_devices=tuple(data["replica_devices"]),
            findings=tuple(_finding(entry) for entry in data["findings"]),
            raised=Raised(**data["raised"]) if data["raised"] else None,
            seconds=data["seconds"],
            facts=data["facts"],
        )


_WHERE_MADE = ("Detected at node ", 'File "', "Node: ", "<stack traces")


def _names_error(line: str) -> bool:
    name, colon, _ = line.partition(": ")
    return bool(colon) and name.isidentifier() and name.endswith(("Error", "Exception"))


def _finding(data: dict[str, Any]) -> ClaimReading:
    other = data["other"]
    return ClaimReading(
        claim=Claim(**data["claim"]),
        reading=_reading(data["reading"]),
        other=_reading(other) if other else None,
        identical=data["identical"],
    )


def _reading(data: dict[str, Any]) -> Reading:
    shape = data["shape"]
    return Reading(
        **{
            **data,
            "shape": None if shape is None else tuple(shape),
            "copies": tuple(_copy(copy) for copy in data["copies"]),
            # Older records do not have this field.
            "read": Read(**data["read"]) if data.get("read") else None,
        }
    )


def _copy(data: dict[str, Any]) -> Copy:
    return Copy(**{**data, "writers": tuple(data["writers"])})
