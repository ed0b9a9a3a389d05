"""Names the symptom: one pure function from what workers saw to how a claim broke."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from testbed.cluster import Cluster
from testbed.reading import Finding, Raised, Reading, Value, WorkerReport

# float32 keeps about seven digits; a sum over replicas may lose one of them.
RELATIVE_TOLERANCE = 1e-5
ABSOLUTE_TOLERANCE = 1e-6


@dataclass(frozen=True)
class Diagnosis:
    """A symptom with the numbers that show it, like `10 for 5`."""

    symptom: str
    evidence: str
    error: str = ""
    """Of an exception: its type and whole message."""


@dataclass(frozen=True)
class Seen:
    """One claim as all workers saw it, in the order of the workers."""

    findings: tuple[Finding, ...]
    replica_devices: tuple[tuple[str, ...], ...]
    cluster: Cluster

    @property
    def claim(self) -> Any:
        """The claim; every worker stated the same one."""
        return self.findings[0].claim

    @property
    def readings(self) -> list[Reading]:
        """Of every worker."""
        return [finding.reading for finding in self.findings]

    @property
    def values(self) -> list[list[Value]]:
        """Of every worker, the value of every copy."""
        return [reading.values for reading in self.readings]

    @property
    def flat(self) -> list[Value]:
        """The values of all copies of all workers."""
        return [value for values in self.values for value in values]


def diagnose(reports: Sequence[WorkerReport], cluster: Cluster) -> Diagnosis | None:
    """The first way in which the claims of a case fail, or None where all of them hold.

    An exception comes after the claims that were stated before it.
    """
    for seen in _claims(reports, cluster):
        for check in CHECKS:
            found = check(seen)
            if found:
                return found
    raised = next((report.raised for report in reports if report.raised), None)
    return _from_exception(raised) if raised else None


def _claims(reports: Sequence[WorkerReport], cluster: Cluster) -> Iterator[Seen]:
    devices = tuple(report.replica_devices for report in reports)
    for findings in zip(*(report.findings for report in reports), strict=False):
        yield Seen(findings, devices, cluster)


def _from_exception(raised: Raised) -> Diagnosis:
    whole = f"{raised.type}: {raised.message}"
    if "is out of scope and cannot be used here" in raised.message:
        return Diagnosis("symbolic_leak", str(raised), whole)
    if "you are using a PerReplica object while not inside a replica" in raised.message:
        return Diagnosis("per_replica_leak", str(raised), whole)
    return Diagnosis("rejected", str(raised), whole)


def _symbolic(seen: Seen) -> Diagnosis | None:
    for reading in seen.readings:
        if reading.kind == "symbolic":
            return Diagnosis("symbolic_leak", f"{reading.type} {reading.name}")
    return None


def _not_shared(seen: Seen) -> Diagnosis | None:
    if not seen.claim.shared or all(finding.identical for finding in seen.findings):
        return None
    apart = next(finding for finding in seen.findings if not finding.identical)
    other = _show_copies(apart.other.values) if apart.other else "nothing"
    return Diagnosis("not_shared", f"2 objects, {other} and {_show_copies(apart.reading.values)}")


def _value(seen: Seen) -> Diagnosis | None:
    claimed = seen.claim.value
    if claimed is None or all(same(value, claimed) for value in seen.flat):
        return None
    symptom = next((name for name, matches in WRONG_VALUES if matches(seen)), "wrong_value")
    return Diagnosis(symptom, f"{_show_all(seen)} for {show(claimed)}")


def _equal(seen: Seen) -> Diagnosis | None:
    if not seen.claim.equal or all(same(value, seen.flat[0]) for value in seen.flat):
        return None
    symptom = "replicas_diverge" if _copies_differ(seen) else "workers_diverge"
    return Diagnosis(symptom, _show_all(seen))


def _mirrored(seen: Seen) -> Diagnosis | None:
    if not seen.claim.mirrored:
        return None
    wanted = seen.cluster.replicas_per_worker
    for reading, devices in zip(seen.readings, seen.replica_devices, strict=True):
        if seen.cluster.replicas > 1 and not (reading.mirrored and len(reading.copies) == wanted):
            return Diagnosis("not_mirrored", f"{reading.type} on {_places(reading.devices)}")
        # A variable of a graph is placed when a session runs it, so it may have no device yet.
        placed = [place(device) for device in reading.devices if device]
        if placed and placed != [place(device) for device in devices]:
            return Diagnosis(
                "misplaced", f"on {_places(reading.devices)}, replica on {_places(devices)}"
            )
    return None


CHECKS: tuple[Callable[[Seen], Diagnosis | None], ...] = (
    _symbolic,
    _not_shared,
    _value,
    _equal,
    _mirrored,
)


def _frozen(seen: Seen) -> bool:
    stale = seen.claim.stale
    return stale is not None and all(same(value, stale) for value in seen.flat)


def _counted_per_replica(seen: Seen) -> bool:
    replicas, claim = seen.cluster.replicas_per_worker, seen.claim
    if replicas == 1 or not isinstance(claim.value, (int, float)) or claim.value == claim.start:
        return False
    counted = claim.start + replicas * (claim.value - claim.start)
    return all(same(value, counted) for value in seen.flat)


def _last_replica_wins(seen: Seen) -> bool:
    computed, per_worker = seen.claim.per_replica, seen.cluster.replicas_per_worker
    if computed is None or per_worker == 1:
        return False
    return all(
        same(value, computed[(worker + 1) * per_worker - 1])
        for worker, values in enumerate(seen.values)
        for value in values
    )


def _copies_differ(seen: Seen) -> bool:
    return any(not same(value, values[0]) for values in seen.values for value in values)


def _workers_differ(seen: Seen) -> bool:
    return any(not same(value, seen.flat[0]) for value in seen.flat)


# The most telling explanation first: 10 for 5 is also a wrong value.
WRONG_VALUES: tuple[tuple[str, Callable[[Seen], bool]], ...] = (
    ("frozen_in_trace", _frozen),
    ("counted_per_replica", _counted_per_replica),
    ("last_replica_wins", _last_replica_wins),
    ("replicas_diverge", _copies_differ),
    ("workers_diverge", _workers_differ),
)


def same(one: Value, other: Value) -> bool:
    """Whether two values are equal, floats within float32's precision."""
    if isinstance(one, list) or isinstance(other, list):
        if not (isinstance(one, list) and isinstance(other, list)) or len(one) != len(other):
            return False
        return all(same(left, right) for left, right in zip(one, other, strict=True))
    if _is_number(one) and _is_number(other):
        return math.isclose(one, other, rel_tol=RELATIVE_TOLERANCE, abs_tol=ABSOLUTE_TOLERANCE)
    return bool(one == other)


def _is_number(value: Value) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def place(device: str) -> str:
    """The part of a device's name that is its own in its worker, like `CPU:1`."""
    return device.rpartition("device:")[2] if "device:" in device else device.lstrip("/")


def _places(devices: Sequence[str]) -> str:
    return ", ".join(place(device) for device in devices) or "no device"


def show(value: Value) -> str:
    """A value as people read it: 10 rather than 10.0, four digits, long texts cut."""
    if isinstance(value, float):
        return f"{value:.4g}"
    if isinstance(value, list):
        return "[" + ", ".join(show(item) for item in value) + "]"
    text = "nothing" if value is None else str(value)
    return text if len(text) <= 20 else text[:17] + "..."


def _show_all(seen: Seen) -> str:
    """Every copy of every worker, as short as it can be without hiding a difference."""
    if not _workers_differ(seen):
        return show(seen.flat[0]) if seen.flat else "nothing"
    per_worker = [_show_copies(values) for values in seen.values]
    if len(set(per_worker)) == 1:
        return per_worker[0]
    return " | ".join(per_worker)


def _show_copies(values: Sequence[Value]) -> str:
    shown = [show(value) for value in values] or ["nothing"]
    return shown[0] if len(set(shown)) == 1 else "[" + ", ".join(shown) + "]"
