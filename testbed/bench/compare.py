"""Compares two benchmarks: finds figures that changed by more than noise."""

from __future__ import annotations

import statistics
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from testbed.bench.figures.figure import METRICS, Figure, Row
from testbed.bench.figures.statistics import log_variance, ratio_interval
from testbed.bench.record import BenchRecord
from testbed.launcher.machine.machine import Machine
from testbed.report.records.files import read_record

# Two sessions on one machine differ by up to this share without a change in the code.
TOLERANCE = 0.1


def read_bench(name: str) -> BenchRecord:
    """Read the record of a benchmark from a file, or from the folder of its run.

    Raises:
        UsageError: the file cannot be read, or is no benchmark record of this version.
    """
    return read_record(name, BenchRecord)


@dataclass(frozen=True)
class FigureChange:
    """One figure in two benchmarks; `factor` is above 1 if the new one is worse."""

    row: Row
    metric: str
    old: Figure
    new: Figure
    factor: float
    low: float
    high: float
    """The 99.9 % interval of the factor."""
    verdict: str
    """`slower`, `faster`, or `alike` if noise explains the difference."""


@dataclass(frozen=True)
class BenchComparison:
    """The changes between two benchmarks, and the rows that only one of them has."""

    changes: tuple[FigureChange, ...]
    only_old: tuple[str, ...]
    only_new: tuple[str, ...]
    machine: str
    """Differences of the machine; empty if there are none."""
    tolerance: float = TOLERANCE

    @property
    def slower(self) -> list[FigureChange]:
        """The slower figures, worst first."""
        found = [change for change in self.changes if change.verdict == "slower"]
        return sorted(found, key=lambda change: -change.factor)

    @property
    def faster(self) -> list[FigureChange]:
        """The faster figures, best first."""
        found = [change for change in self.changes if change.verdict == "faster"]
        return sorted(found, key=lambda change: change.factor)


def compare(old: BenchRecord, new: BenchRecord, tolerance: float = TOLERANCE) -> BenchComparison:
    """Compare every figure whose metric has a better direction with its older value.

    A figure is slower if the whole 99.9 % interval of the ratio, from the rounds of both, lies
    beyond `tolerance`. So noisy figures, and figures of few rounds, need a larger difference.
    """
    before = {row.key: row for row in old.rows}
    after = {row.key: row for row in new.rows}
    pairs = [(before[key], row) for key, row in after.items() if key in before]
    noise = {name: _usual_variance(name, pairs) for name in METRICS}
    changes = [change for pair in pairs for change in _changes(*pair, tolerance, noise)]
    return BenchComparison(
        changes=tuple(changes),
        only_old=tuple(key for key in before if key not in after),
        only_new=tuple(key for key in after if key not in before),
        machine=_machine(old, new),
        tolerance=tolerance,
    )


def _usual_variance(metric: str, pairs: Sequence[tuple[Row, Row]]) -> float:
    """The mean log variance of the rounds of a metric, over both benchmarks."""
    found = [
        log_variance(row.figures[metric].rounds)
        for pair in pairs
        if all(_comparable(row, metric) for row in pair)
        for row in pair
    ]
    return statistics.fmean(found) if found else 0.0


def _comparable(row: Row, metric: str) -> bool:
    """Whether noise can be estimated from a row: more than one round, all above 0."""
    figure = row.figures.get(metric)
    return figure is not None and len(figure.rounds) > 1 and min(figure.rounds) > 0


def _changes(
    old: Row, new: Row, tolerance: float, noise: Mapping[str, float]
) -> Iterator[FigureChange]:
    for name, figure in new.figures.items():
        better = METRICS[name].better
        if not better or not _comparable(old, name) or not _comparable(new, name):
            continue
        known = old.figures[name]
        worse, reference = (figure, known) if better == "lower" else (known, figure)
        factor, low, high = ratio_interval(worse.rounds, reference.rounds, noise[name])
        verdict = verdict_of(low, high, tolerance)
        yield FigureChange(new, name, known, figure, factor, low, high, verdict)


def differences(old: Machine, new: Machine) -> list[str]:
    """How two machines differ in what decides how fast a program is."""
    return [
        f"{name}: {before} then, {now} now"
        for name, before, now in (
            ("processor", old.processor, new.processor),
            ("cores", old.cores, new.cores),
            ("gpus", old.gpus, new.gpus),
        )
        if before != now
    ]


def verdict_of(low: float, high: float, tolerance: float) -> str:
    """`slower`, `faster`, or `alike`, of a factor that is above 1 if the new time is longer.

    Args:
        low: the lower end of the factor's interval.
        high: the upper end.
        tolerance: the share by which a time may be longer without being called slower.
    """
    if low > 1 + tolerance:
        return "slower"
    return "faster" if high < 1 / (1 + tolerance) else "alike"


def _machine(old: BenchRecord, new: BenchRecord) -> str:
    """Differences of the machine, which must not be mistaken for changes of the code."""
    differing = differences(old.machine, new.machine)
    pace = new.work.value / old.work.value
    if not differing and abs(pace - 1) > TOLERANCE / 2:
        differing.append(f"the same work took {pace:.2f} times as long as then")
    return "; ".join(differing)
