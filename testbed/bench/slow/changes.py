"""Compares two benchmarks of a program: the steps that changed by more than noise."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import dataclass

from testbed.bench.compare import differences, verdict_of
from testbed.bench.figures.statistics import log_variance, ratio_interval
from testbed.bench.slow.record import ProgramBenchRecord, RecordedScale
from testbed.cluster.cluster import Cluster
from testbed.cluster.strategies import Deployment


@dataclass(frozen=True)
class ScaleChange:
    """A step on one number of replicas in two benchmarks; `factor` is above 1 if it is slower."""

    deployment: Deployment
    old: RecordedScale
    new: RecordedScale
    factor: float
    low: float
    high: float
    """The 99.9 % interval of the factor."""
    verdict: str
    """`slower`, `faster`, or `alike` if noise explains the difference."""


@dataclass(frozen=True)
class ProgramChanges:
    """What changed from one benchmark of a program to a later one."""

    scales: tuple[ScaleChange, ...]
    before: str
    """The program, and what bounded it."""
    now: str
    """The program, and what bounds it now."""
    machine: str
    """How the machines differ; empty if they do not."""

    @property
    def slower(self) -> list[ScaleChange]:
        """The scales on which a step has become slower."""
        return [each for each in self.scales if each.verdict == "slower"]


def changes_of(
    old: ProgramBenchRecord, new: ProgramBenchRecord, tolerance: float
) -> ProgramChanges:
    """Compare the time for a row, or without known rows of a step, on each number of replicas.

    Args:
        old: the older record.
        new: the newer one.
        tolerance: the share by which a time may be longer without being called slower.
    """
    before = {(each.workers, each.replicas): each for each in old.scales}
    pairs = [
        (before[each.workers, each.replicas], each)
        for each in new.scales
        if (each.workers, each.replicas) in before
    ]
    noise = [
        log_variance(scale.step.rounds)
        for pair in pairs
        for scale in pair
        if len(scale.step.rounds) > 1
    ]
    usual = statistics.fmean(noise) if noise else 0.0
    changes = [_change(new.strategy, *pair, tolerance, usual) for pair in pairs]
    then, now = (f"{each.program}: {each.headline}" for each in (old, new))
    machine = "; ".join(differences(old.machine, new.machine))
    return ProgramChanges(tuple(filter(None, changes)), then, now, machine)


def _change(
    strategy: str, old: RecordedScale, new: RecordedScale, tolerance: float, noise: float
) -> ScaleChange | None:
    of_both = old.rows > 0 and new.rows > 0
    later, earlier = _times(new, of_both), _times(old, of_both)
    if min(len(later), len(earlier)) < 2:
        return None
    factor, low, high = ratio_interval(later, earlier, noise)
    where = Deployment(strategy, Cluster(new.workers, new.replicas))
    return ScaleChange(where, old, new, factor, low, high, verdict_of(low, high, tolerance))


def _times(scale: RecordedScale, per_row: bool) -> Sequence[float]:
    """The seconds of a row, or of a step, in each round."""
    rows = scale.rows if per_row else 1
    return [each / rows for each in scale.step.rounds]
