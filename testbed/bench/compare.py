"""Two benchmarks against each other: what got slower, beyond what noise can do."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from testbed.bench.figures import METRICS, Figure, Row
from testbed.bench.record import BenchRecord
from testbed.bench.statistics import ratio_interval

# Many figures are compared at once: at 95 % one in forty would cry wolf by chance alone.
CONFIDENCE = 0.99

# Two sessions on one machine differ by this much without any cause in the code.
TOLERANCE = 0.1


@dataclass(frozen=True)
class Change:
    """One figure in two benchmarks. `factor` is above 1 where the new one is worse."""

    row: Row
    metric: str
    old: Figure
    new: Figure
    factor: float
    low: float
    high: float
    """The 99 % interval of the factor."""
    verdict: str
    """`slower`, `faster`, or `alike` where noise explains the difference."""


@dataclass(frozen=True)
class Comparison:
    """What two benchmarks have in common, and what only one of them has."""

    changes: tuple[Change, ...]
    only_old: tuple[str, ...]
    only_new: tuple[str, ...]
    machine: str
    """How the machine itself differs; empty where it does not."""
    tolerance: float = TOLERANCE

    @property
    def slower(self) -> list[Change]:
        """The worst first."""
        found = [change for change in self.changes if change.verdict == "slower"]
        return sorted(found, key=lambda change: -change.factor)

    @property
    def faster(self) -> list[Change]:
        """The best first."""
        found = [change for change in self.changes if change.verdict == "faster"]
        return sorted(found, key=lambda change: change.factor)


def compare(old: BenchRecord, new: BenchRecord, tolerance: float = TOLERANCE) -> Comparison:
    """Hold every figure that can be good or bad against its older self.

    A figure is slower where the whole interval of the ratio of the medians, resampled from the
    rounds of both, lies beyond `tolerance`: noisy figures need a larger difference, and none
    is told for a difference that the machine makes by itself.
    """
    before = {row.key: row for row in old.rows}
    after = {row.key: row for row in new.rows}
    changes = [
        change
        for key, row in after.items()
        if key in before
        for change in _changes(before[key], row, tolerance)
    ]
    return Comparison(
        changes=tuple(changes),
        only_old=tuple(key for key in before if key not in after),
        only_new=tuple(key for key in after if key not in before),
        machine=_machine(old, new),
        tolerance=tolerance,
    )


def _changes(old: Row, new: Row, tolerance: float) -> Iterator[Change]:
    for name, figure in new.figures.items():
        known = old.figures.get(name)
        better = METRICS[name].better
        # One round says nothing of noise.
        if not better or known is None or min(len(known.rounds), len(figure.rounds)) < 2:
            continue
        worse, reference = (figure, known) if better == "lower" else (known, figure)
        if not (all(worse.rounds) and all(reference.rounds)):
            continue
        low, high = ratio_interval(worse.rounds, reference.rounds, CONFIDENCE)
        factor = worse.value / reference.value
        verdict = "alike"
        if low > 1 + tolerance:
            verdict = "slower"
        elif high < 1 / (1 + tolerance):
            verdict = "faster"
        yield Change(new, name, known, figure, factor, low, high, verdict)


def _machine(old: BenchRecord, new: BenchRecord) -> str:
    """What of the machine differs, so that it is not taken for a change of the code."""
    differing = [
        f"{name}: {old.machine.get(name)} then, {new.machine.get(name)} now"
        for name in ("processor", "cores", "gpus")
        if old.machine.get(name) != new.machine.get(name)
    ]
    pace = new.work.value / old.work.value
    if not differing and abs(pace - 1) > TOLERANCE / 2:
        differing.append(f"the same work took {pace:.2f} times as long as then")
    return "; ".join(differing)
