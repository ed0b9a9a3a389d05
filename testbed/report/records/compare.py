"""Compares two runs: their conditions, and the cells that changed.

Two runs of the same scripts on the same TensorFlow must compare as alike, in spite of random
numbers and scheduling. So only repeatable facts are compared: the verdict, the symptom, the
expectation and the class of the exception. If every worker finished, also the class of each
object, the devices of its copies, their writers and their values.

A value is compared as a number only if the scenario claims a number. Otherwise (for example after
a random start), or if the symptom is diverging values, the comparison is which copies agree with
each other and with the claim. Times, process ids, ports, messages and addresses are not compared.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from testbed.report.formats.words import conditions
from testbed.report.records.record import RunRecord
from testbed.verdict.diagnosis import place, same, tolerance_of
from testbed.verdict.reading import ClaimReading, Reading, Value
from testbed.verdict.verdict import Verdict


@dataclass(frozen=True)
class Difference:
    """One condition that differs between two runs, for example a version or a script."""

    what: str
    before: str
    after: str


@dataclass(frozen=True)
class CellChange:
    """A cell that differs between two runs; a side is None if that run lacks the case."""

    before: Verdict | None
    after: Verdict | None
    what: tuple[str, ...] = ()
    """Names of the ASPECTS that differ; empty if a side is missing."""

    @property
    def id(self) -> str:
        """The case's id."""
        there = self.after or self.before
        assert there is not None
        return there.case.id

    @property
    def kind(self) -> str:
        """One of: changed, only in A, only in B."""
        if self.before is None:
            return "only in B"
        return "only in A" if self.after is None else "changed"


@dataclass(frozen=True)
class RunComparison:
    """Two runs, A before B, and all their differences."""

    before: RunRecord
    after: RunRecord
    differences: tuple[Difference, ...]
    changes: tuple[CellChange, ...]
    """In the order of B's table; the cases that only A has come last."""

    def of_kind(self, kind: str) -> list[CellChange]:
        """The changes of one kind."""
        return [change for change in self.changes if change.kind == kind]

    @property
    def alike(self) -> int:
        """How many cases are alike in both runs."""
        return len(self.after.verdicts) - sum(change.after is not None for change in self.changes)

    @property
    def counts(self) -> str:
        """The number of cases of each kind, in one line."""
        numbers = {kind: len(self.of_kind(kind)) for kind in KINDS}
        return ", ".join([f"{self.alike} alike", *(f"{n} {kind}" for kind, n in numbers.items())])


# Symptoms of copies with different values; the values themselves may vary.
DIVERGING = ("replicas_diverge", "workers_diverge")

KINDS = ("changed", "only in A", "only in B")


def compare(before: RunRecord, after: RunRecord) -> RunComparison:
    """Compare two runs."""
    old = {verdict.case.id: verdict for verdict in before.verdicts}
    new = {verdict.case.id: verdict for verdict in after.verdicts}
    changes = [
        CellChange(old.get(key), verdict, _changed(old.get(key), verdict))
        for key, verdict in new.items()
    ]
    changes = [change for change in changes if change.before is None or change.what]
    changes += [CellChange(verdict, None) for key, verdict in old.items() if key not in new]
    return RunComparison(before, after, tuple(_differences(before, after)), tuple(changes))


def _differences(before: RunRecord, after: RunRecord) -> Iterator[Difference]:
    old, new = conditions(before), conditions(after)
    for what in new:
        if old[what] != new[what]:
            yield Difference(what, old[what], new[what])
    sources = {script.name: script.source for script in before.scripts}
    for script in after.scripts:
        source = sources.get(script.name, script.source)
        if source != script.source:
            yield Difference(
                f"script {script.name}", _size(source), f"edited, {_size(script.source)}"
            )


def _size(source: str) -> str:
    return f"{len(source.splitlines())} lines"


def _changed(before: Verdict | None, after: Verdict) -> tuple[str, ...]:
    if before is None:
        return ()
    return tuple(what for what, alike in ASPECTS.items() if not alike(before, after))


def _same_verdict(before: Verdict, after: Verdict) -> bool:
    return before.kind == after.kind


def _same_symptom(before: Verdict, after: Verdict) -> bool:
    return before.symptom == after.symptom


def _same_expectation(before: Verdict, after: Verdict) -> bool:
    # A cure is advice: rewording it is no change.
    old, new = before.expected, after.expected
    return (old.symptom, old.error, before.as_expected) == (
        new.symptom,
        new.error,
        after.as_expected,
    )


def _same_error(before: Verdict, after: Verdict) -> bool:
    return _error(before) == _error(after)


def _error(verdict: Verdict) -> str:
    """The class of the exception that a verdict reports; empty if none was raised."""
    if not any(report.raised for report in verdict.reports):
        return ""
    name = verdict.evidence.removeprefix("in the scenario: ").partition(":")[0].split(" ")[0]
    return name if any(r.raised and r.raised.type == name for r in verdict.reports) else ""


def _of_findings(
    alike: Callable[[ClaimReading, ClaimReading], bool],
) -> Callable[[Verdict, Verdict], bool]:
    """Lift a comparison of findings to verdicts, worker by worker and claim by claim.

    Cases that did not finish count as alike, because the progress of a worker depends on timing.
    """

    def all_alike(before: Verdict, after: Verdict) -> bool:
        if not (_ended(before) and _ended(after)):
            return True
        return all(
            alike(old, new)
            for one, other in zip(before.reports, after.reports, strict=False)
            for old, new in zip(one.findings, other.findings, strict=False)
        )

    return all_alike


def _ended(verdict: Verdict) -> bool:
    return (
        bool(verdict.reports)
        and verdict.kind in ("behaves", "breaks")
        and verdict.symptom != "hang"
        and not any(report.raised for report in verdict.reports)
    )


def _same_number_of_claims(before: Verdict, after: Verdict) -> bool:
    if not (_ended(before) and _ended(after)):
        return True
    old, new = ([len(report.findings) for report in each.reports] for each in (before, after))
    return old == new


def _same_claim(before: ClaimReading, after: ClaimReading) -> bool:
    old, new = before.claim, after.claim
    kept = ("equal", "mirrored", "shared")
    return all(getattr(old, name) == getattr(new, name) for name in kept) and (
        (old.value is None) == (new.value is None)
    )


def _same_object(before: ClaimReading, after: ClaimReading) -> bool:
    if before.identical != after.identical:
        return False
    return all(_class(old) == _class(new) for old, new in _readings(before, after))


def _class(reading: Reading) -> tuple[object, ...]:
    return (
        reading.kind,
        reading.type,
        reading.mirrored,
        reading.synchronization,
        reading.aggregation,
        reading.dtype,
    )


def _same_devices(before: ClaimReading, after: ClaimReading) -> bool:
    return all(
        list(map(_place, old.devices)) == list(map(_place, new.devices))
        for old, new in _readings(before, after)
    )


def _place(device: str) -> str:
    """A device within its process: the worker or a parameter server."""
    return f"ps {place(device)}" if "/job:ps/" in device else place(device)


def _same_writers(before: ClaimReading, after: ClaimReading) -> bool:
    return all(
        [copy.writers for copy in old.copies] == [copy.writers for copy in new.copies]
        for old, new in _readings(before, after)
    )


def _same_values(before: Verdict, after: Verdict) -> bool:
    diverging = before.symptom in DIVERGING or after.symptom in DIVERGING
    return _of_findings(_agree_alike if diverging else _hold_the_same)(before, after)


def _hold_the_same(before: ClaimReading, after: ClaimReading) -> bool:
    if before.claim.value is None:
        return _agree_alike(before, after)
    return same(before.reading.values, after.reading.values)


def _agree_alike(before: ClaimReading, after: ClaimReading) -> bool:
    """Whether the same copies agree with each other and with the claim."""
    right = [
        [
            same(value, finding.claim.value, tolerance_of(finding.reading))
            for value in finding.reading.values
        ]
        for finding in (before, after)
    ]
    return right[0] == right[1] and _agreeing(before.reading) == _agreeing(after.reading)


def _agreeing(reading: Reading) -> list[int]:
    """For each copy, the index of the first copy with the same value; -1 if it has no value."""
    values: list[Value] = reading.values
    return [
        -1 if value is None else next(n for n, first in enumerate(values) if same(first, value))
        for value in values
    ]


def _readings(before: ClaimReading, after: ClaimReading) -> Iterator[tuple[Reading, Reading]]:
    yield before.reading, after.reading
    if before.other and after.other:
        yield before.other, after.other


ASPECTS: dict[str, Callable[[Verdict, Verdict], bool]] = {
    "verdict": _same_verdict,
    "symptom": _same_symptom,
    "expectation": _same_expectation,
    "error": _same_error,
    "claims": lambda before, after: (
        _same_number_of_claims(before, after) and _of_findings(_same_claim)(before, after)
    ),
    "object": _of_findings(_same_object),
    "devices": _of_findings(_same_devices),
    "writers": _of_findings(_same_writers),
    "values": _same_values,
}
"""The compared aspects of a case; a repeat on the same TensorFlow is alike in all of them."""
