"""What a step consists of: the differences between the variants of a program."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from testbed.bench.figures.statistics import interval
from testbed.bench.slow.samples import Sample, Samples, Variant, typical
from testbed.cluster.strategies import Deployment
from testbed.orders.timed import LARGER, LOCAL, MEMORY, TIMES_LARGER, WHOLE, TimedStep


@dataclass(frozen=True)
class Measured:
    """A quantity with its 95 % interval over the rounds, like a part of a step."""

    value: float
    low: float
    high: float


def measured_of(rounds: Sequence[float]) -> Measured:
    """The share of rounds."""
    low, high = interval(rounds)
    return Measured(statistics.median(rounds), low, high)


@dataclass(frozen=True)
class Parts:
    """A step on all replicas, and its parts as shares of it; None for what is not known."""

    period: float
    """Seconds of a step."""
    in_memory: float | None
    """Seconds of a step with its input in memory."""
    unreduced: float | None
    """Seconds of such a step without its reductions."""
    input: Measured | None
    tracing: Measured
    fetch: Measured
    between: Measured
    """Python between the calls of a step, without waits and copies; a part of `fixed`."""
    communication: Measured | None
    uneven: Measured
    """How long the fastest replica waits for the slowest one."""
    apart: float
    """How many times as long the slowest replica takes as the fastest one, without waiting."""
    fixed: Measured | None
    """What a step takes however few rows it has, without the parts above."""
    scaled: float | None
    """Seconds that a step with as many times as many rows as there are replicas should take."""
    cores: float | None
    """How many cores one replica alone keeps busy; None where it could not be run alone."""
    busy: float
    """How many cores all processes of the machine keep busy while one replica runs; 0 if
    unknown."""

    @property
    def compute(self) -> float:
        """The rest: what grows with the rows of a step."""
        known = (self.input, self.tracing, self.fetch, self.communication, self.uneven, self.fixed)
        return max(0.0, 1.0 - sum(share.value for share in known if share))


@dataclass(frozen=True)
class Scale:
    """The whole program on one number of replicas."""

    deployment: Deployment
    periods: tuple[float, ...]
    """Seconds of a step, in each round."""
    rows: int
    """The rows of a step, on all replicas; 0 if unknown."""
    speedup: Measured | None
    """How many times as many rows a second as on one replica; without known rows, how many times
    as many steps. None where it did not run on one."""


def scales_of(samples: Samples) -> list[Scale]:
    """The program on every number of replicas, the smallest first."""
    one = samples.scales[0]
    base = _periods(samples, one)
    rows_of_one = samples.one.rows if samples.one else 0
    found = []
    for each in samples.scales:
        periods = _periods(samples, each)
        rows = samples.rows(each)
        times = rows / rows_of_one if rows and rows_of_one else 1.0
        speedup = None
        if samples.one:
            speedup = measured_of([times * b / a for a, b in zip(periods, base, strict=True)])
        found.append(Scale(each, tuple(periods), rows, speedup))
    return found


def parts_of(samples: Samples) -> Parts:
    """The parts of a step, from all samples."""
    whole = _periods(samples, samples.deployment)
    steady = {name: samples.values(name, _untraced) for name in (WHOLE, MEMORY, LOCAL, LARGER)}
    # A program that reads no dataset has no run with its input in memory.
    ready = steady[MEMORY] or steady[WHOLE]
    fetched = [step.fetched for step in _steps(samples)]
    if samples.first.memory and steady[MEMORY] and steady[LARGER]:
        # On a GPU, a copy to Python also waits for the step, whose rows take their time.
        bases = map(_fixed, steady[MEMORY], steady[LARGER])
        fetched = list(map(min, fetched, bases))

    def shares(part: Callable[..., float], *of: Sequence[float]) -> Measured | None:
        if not all(of):
            return None
        rounds = zip(whole, *of, strict=True)
        return measured_of([_within(part(*each) / period) for period, *each in rounds])

    uneven, apart = _uneven(samples)
    behind = uneven.value * statistics.median(whole)

    def fixed(of_memory: float, of_local: float, of_larger: float, fetched: float) -> float:
        talk = max(0.0, of_memory - of_local)
        return _fixed(of_memory, of_larger) - talk - fetched - behind

    return Parts(
        statistics.median(whole),
        _median(steady[MEMORY]),
        _median(steady[LOCAL]),
        shares(float.__sub__, steady[WHOLE], steady[MEMORY]),
        measured_of([step.traced / step.period for step in _steps(samples)]),
        measured_of([each / period for each, period in zip(fetched, whole, strict=True)]),
        measured_of([_between(step) / step.period for step in _steps(samples)]),
        shares(float.__sub__, ready, steady[LOCAL]),
        uneven,
        apart,
        shares(fixed, steady[MEMORY], steady[LOCAL], steady[LARGER], fetched),
        _scaled(samples, steady[MEMORY], steady[LARGER]),
        _cores(samples),
        _machine(samples),
    )


def _within(share: float) -> float:
    """A share between 0 and 1; noise may carry it further."""
    return min(1.0, max(0.0, share))


def _between(step: TimedStep) -> float:
    return max(0.0, step.period - step.called - step.waited - step.fetched)


def _median(rounds: Sequence[float]) -> float | None:
    return statistics.median(rounds) if rounds else None


def _untraced(step: TimedStep) -> float:
    return step.period - step.traced


def _periods(samples: Samples, on: Deployment) -> list[float]:
    return samples.values(WHOLE, lambda step: step.period, on)


def _fixed(of_memory: float, of_larger: float) -> float:
    """Solve time = fixed + rows x each, for the time with 1 and TIMES_LARGER times the rows."""
    found = (TIMES_LARGER * of_memory - of_larger) / (TIMES_LARGER - 1)
    return min(max(found, 0.0), of_memory)


def _steps(samples: Samples) -> list[TimedStep]:
    return [sample.step for sample in samples.all(WHOLE)]


def _scaled(
    samples: Samples, of_memory: Sequence[float], of_larger: Sequence[float]
) -> float | None:
    if not of_memory or not of_larger:
        return None
    once, larger = statistics.median(of_memory), statistics.median(of_larger)
    base = _fixed(once, larger)
    return base + (once - base) * samples.deployment.cluster.replicas


def _cores(samples: Samples) -> float | None:
    if samples.one is None:
        return None
    least = samples.scales[0]
    worked = samples.values(WHOLE, lambda step: step.worked, least)
    return statistics.median(
        cpu / period for cpu, period in zip(worked, _periods(samples, least), strict=True)
    )


def _machine(samples: Samples) -> float:
    if samples.one is None:
        return 0.0
    alone = samples.of[Variant(samples.scales[0])]
    return statistics.median(run.reports[0].machine for run in alone)


def _uneven(samples: Samples) -> tuple[Measured, float]:
    """How long the fastest replica waits, as a share of a step; and the ratio of the extremes.

    Workers are compared by their steps without communication. The replicas of one worker run in
    one call, so they are compared by their operations in the two profiles.
    """
    period = statistics.median(_periods(samples, samples.deployment))
    if samples.deployment.cluster.workers > 1:
        times = [[_untraced(typical(each)) for each in run.reports] for run in samples.all(LOCAL)]
    else:
        times = [busy for name in (MEMORY, WHOLE) for busy in _busy(samples.profiles.get(name))]
    times = [each for each in times if len(each) > 1 and min(each) > 0]
    if not times:
        return Measured(0.0, 0.0, 0.0), 1.0
    # Other processes may take the core of any of them: it is slow only if it is slow each time.
    typically = [statistics.median(each) for each in zip(*times, strict=True)]
    slow, fast = typically.index(max(typically)), typically.index(min(typically))
    behind = [_within((each[slow] - each[fast]) / period) for each in times]
    ratio = statistics.median(each[slow] / each[fast] for each in times)
    return measured_of(behind), ratio


def _busy(profiled: Sample | None) -> list[list[float]]:
    seen = profiled.reports[0].profile if profiled else None
    return [list(seen.busy)] if seen else []
