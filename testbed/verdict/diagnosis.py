"""Diagnoses the symptom: one pure function from the workers' reports to how a claim fails."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from testbed.cluster.cluster import Cluster
from testbed.verdict.reading import ClaimReading, Raised, Reading, Value, WorkerReport

# float32 keeps about seven digits; a sum over replicas may lose one of them.
RELATIVE_TOLERANCE = 1e-5
ABSOLUTE_TOLERANCE = 1e-6

# Two units in the last place: half precision rounds every term of a sum over replicas.
_OF_HALF_PRECISION = {"float16": 2 * 2.0**-10, "bfloat16": 2 * 2.0**-7}


@dataclass(frozen=True)
class Diagnosis:
    """A symptom with the numbers that show it, like `10 for 5`."""

    symptom: str
    evidence: str
    error: str = ""
    """The type and the whole message of an exception; empty where none was raised."""


@dataclass(frozen=True)
class ObservedValue:
    """One claim with the readings of all workers, in the order of the workers."""

    reports: tuple[WorkerReport, ...]
    """The reports of the workers that stated the claim; not all, where one took another path."""
    findings: tuple[ClaimReading, ...]
    cluster: Cluster

    @property
    def claim(self) -> Any:
        """The claim, which is the same on every worker."""
        return self.findings[0].claim

    @property
    def readings(self) -> list[Reading]:
        """The reading of every worker."""
        return [finding.reading for finding in self.findings]

    @property
    def values(self) -> list[list[Value]]:
        """The values that a reader gets on every worker: one value, or one for every copy."""
        return [reading.values for reading in self.readings]

    @property
    def tolerance(self) -> float:
        """The relative difference from the claimed value that its dtype allows."""
        return max(tolerance_of(reading) for reading in self.readings)

    @property
    def flat(self) -> list[Value]:
        """The values of all workers in one list."""
        return [value for values in self.values for value in values]


def diagnose(reports: Sequence[WorkerReport], cluster: Cluster) -> Diagnosis | None:
    """Diagnose the first failure of the claims of a case; None where all claims hold.

    Claims that were stated before an exception are judged before it.
    """
    for seen in _claims(reports, cluster):
        if found := next(filter(None, (check(seen) for check in CHECKS)), None):
            return found
    raised = [report for report in reports if report.raised]
    # The earliest exception is the cause; the others may be its consequences.
    first = min(raised, key=lambda report: report.seconds, default=None)
    return _from_exception(first.raised) if first and first.raised else None


def _claims(reports: Sequence[WorkerReport], cluster: Cluster) -> Iterator[ObservedValue]:
    for number in range(max((len(report.findings) for report in reports), default=0)):
        stating = tuple(report for report in reports if len(report.findings) > number)
        yield ObservedValue(stating, tuple(report.findings[number] for report in stating), cluster)


def _from_exception(raised: Raised) -> Diagnosis:
    whole = f"{raised.type}: {raised.message}"
    if "is out of scope and cannot be used here" in raised.message:
        return Diagnosis("symbolic_leak", str(raised), whole)
    if "you are using a PerReplica object while not inside a replica" in raised.message:
        return Diagnosis("per_replica_leak", str(raised), whole)
    return Diagnosis("rejected", str(raised), whole)


def _symbolic(seen: ObservedValue) -> Diagnosis | None:
    for reading in seen.readings:
        if reading.kind == "symbolic":
            return Diagnosis("symbolic_leak", f"{reading.type} {reading.name}")
    return None


def _not_shared(seen: ObservedValue) -> Diagnosis | None:
    if not seen.claim.shared or all(finding.identical for finding in seen.findings):
        return None
    apart = next(finding for finding in seen.findings if not finding.identical)
    other = _show_copies(apart.other.values) if apart.other else "nothing"
    return Diagnosis("not_shared", f"2 objects, {other} and {_show_copies(apart.reading.values)}")


def _unreadable(seen: ObservedValue) -> Diagnosis | None:
    if seen.claim.value is None and not seen.claim.equal:
        return None
    problems = [reading.read.problem for reading in seen.readings if reading.read]
    raised = next(filter(None, problems), "")
    return Diagnosis("rejected", f"when it is read: {raised}", raised) if raised else None


def _value(seen: ObservedValue) -> Diagnosis | None:
    claimed = seen.claim.value
    if claimed is None or (seen.flat and _all_are(seen, claimed)):
        return None
    symptom = next((name for name, matches in WRONG_VALUES if matches(seen)), "wrong_value")
    return Diagnosis(symptom, _evidence(seen, claimed))


def _equal(seen: ObservedValue) -> Diagnosis | None:
    if not seen.claim.equal:
        return None
    if not seen.flat or None in seen.flat:
        return Diagnosis("wrong_value", "nothing to read")
    if not _workers_differ(seen):
        return None
    symptom = "replicas_diverge" if _copies_differ(seen) else "workers_diverge"
    return Diagnosis(symptom, _evidence(seen))


def _mirrored(seen: ObservedValue) -> Diagnosis | None:
    if not seen.claim.mirrored:
        return None
    wanted = seen.cluster.replicas_per_worker
    for reading, report in zip(seen.readings, seen.reports, strict=True):
        devices = report.replica_devices
        if seen.cluster.replicas > 1 and not (reading.mirrored and len(reading.copies) == wanted):
            return Diagnosis("not_mirrored", f"{reading.type} on {_places(reading.devices)}")
        # A variable of a graph gets its device when a session runs it, so it may have none yet.
        placed = [device for device in reading.devices if device]
        there = len(placed) == len(devices) and all(map(_same_place, placed, devices))
        if placed and not there:
            return Diagnosis(
                "misplaced", f"on {_places(reading.devices)}, replica on {_places(devices)}"
            )
    return None


CHECKS: tuple[Callable[[ObservedValue], Diagnosis | None], ...] = (
    _symbolic,
    _not_shared,
    _unreadable,
    _value,
    _equal,
    _mirrored,
)


def _frozen(seen: ObservedValue) -> bool:
    stale = seen.claim.stale
    return stale is not None and bool(seen.flat) and _all_are(seen, stale)


def _counted_per_replica(seen: ObservedValue) -> bool:
    claim = seen.claim
    # A copy counts the replicas of its worker; a read over all copies counts all replicas.
    of_all = any(reading.read for reading in seen.readings)
    replicas = seen.cluster.replicas if of_all else seen.cluster.replicas_per_worker
    if replicas == 1 or not isinstance(claim.value, (int, float)) or claim.value == claim.start:
        return False
    counted = claim.start + replicas * (claim.value - claim.start)
    return bool(seen.flat) and _all_are(seen, counted)


def _last_replica_wins(seen: ObservedValue) -> bool:
    computed, per_worker = seen.claim.per_replica, seen.cluster.replicas_per_worker
    if computed is None or per_worker == 1 or len(computed) != seen.cluster.replicas:
        return False
    return bool(seen.flat) and all(
        same(value, computed[(report.worker + 1) * per_worker - 1], seen.tolerance)
        for report, values in zip(seen.reports, seen.values, strict=True)
        for value in values
    )


def _copies_differ(seen: ObservedValue) -> bool:
    return any(not same(value, values[0]) for values in seen.values for value in values)


def _workers_differ(seen: ObservedValue) -> bool:
    return any(not same(value, seen.flat[0]) for value in seen.flat)


# The most specific explanation first: 10 for 5 is also a wrong value.
WRONG_VALUES: tuple[tuple[str, Callable[[ObservedValue], bool]], ...] = (
    ("frozen_in_trace", _frozen),
    ("counted_per_replica", _counted_per_replica),
    ("last_replica_wins", _last_replica_wins),
    ("replicas_diverge", _copies_differ),
    ("workers_diverge", _workers_differ),
)


def _all_are(seen: ObservedValue, wanted: Any) -> bool:
    return all(same(value, wanted, seen.tolerance) for value in seen.flat)


def tolerance_of(reading: Reading) -> float:
    """The relative difference between a reading's values and a claimed one that its dtype allows.

    Args:
        reading: the reading. Copies of one variable have no such difference: all get one result.
    """
    return _OF_HALF_PRECISION.get(reading.dtype, RELATIVE_TOLERANCE)


def same(one: Value, other: Value, tolerance: float = RELATIVE_TOLERANCE) -> bool:
    """Whether two values are equal, floats within a relative tolerance: by default float32's."""
    if isinstance(one, list) or isinstance(other, list):
        if not (isinstance(one, list) and isinstance(other, list)) or len(one) != len(other):
            return False
        return all(same(left, right, tolerance) for left, right in zip(one, other, strict=True))
    if _is_number(one) and _is_number(other) and isinstance(one + other, float):
        return math.isclose(one, other, rel_tol=tolerance, abs_tol=ABSOLUTE_TOLERANCE)
    return bool(one == other)


def _is_number(value: Value) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def place(device: str) -> str:
    """The part of a device's name that is unique in its worker, like `CPU:1`."""
    return device.rpartition("device:")[2] if "device:" in device else device.lstrip("/")


def _job(device: str) -> str:
    """The job in a device's name; empty where the name is local to this process."""
    return device.partition("job:")[2].partition("/")[0]


def _same_place(one: str, other: str) -> bool:
    jobs = {_job(one), _job(other)} - {""}
    return place(one) == place(other) and len(jobs) <= 1


def _places(devices: Sequence[str]) -> str:
    # Only parameter servers are named: every other job is the worker's own.
    names = (f"ps {place(each)}" if _job(each) == "ps" else place(each) for each in devices)
    return ", ".join(names) or "no device"


def show(value: Value, digits: int = 4) -> str:
    """Format a value for people: 10 rather than 10.0, few digits, long texts cut."""
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() and abs(value) < 1e9 else f"{value:.{digits}g}"
    if isinstance(value, list):
        return "[" + ", ".join(show(item, digits) for item in value) + "]"
    text = "nothing" if value is None else str(value)
    return text if len(text) <= 20 else text[:17] + "..."


def _evidence(seen: ObservedValue, claimed: Value = None) -> str:
    """The observed values beside the claimed one, in as few digits as show the difference."""
    digits = 9 if _hide_a_difference(4, seen, claimed) else 4
    copies = [_show_copies(values, digits) for values in seen.values] or ["nothing"]
    text = copies[0] if len(set(copies)) == 1 else " | ".join(copies)
    claims = "" if claimed is None else f" for {show(claimed, digits)}"
    return f"{text}{claims}{_read_from(seen, digits)}"


def _hide_a_difference(digits: int, seen: ObservedValue, claimed: Value) -> bool:
    """Whether so few digits make a wrong value look like the claimed one, or workers alike."""
    if claimed is not None:
        wrong = {show(value, digits) for value in seen.flat if not same(value, claimed)}
        if show(claimed, digits) in wrong:
            return True
    shown = {_show_copies(values, digits) for values in seen.values}
    return len(shown) == 1 and _workers_differ(seen) and not _copies_differ(seen)


def _read_from(seen: ObservedValue, digits: int) -> str:
    """The values of the copies, where a read combines them into another value."""
    held = [
        _show_copies([copy.value for copy in reading.copies], digits)
        for reading in seen.readings
        if reading.read
    ]
    return f", read from copies {' | '.join(dict.fromkeys(held))}" if held else ""


def _show_copies(values: Sequence[Value], digits: int = 4) -> str:
    """Format the copies of one worker; only one value where all are equal."""
    if all(same(value, values[0]) for value in values):
        return show(values[0], digits) if values else "nothing"
    return "[" + ", ".join(show(value, digits) for value in values) + "]"
