"""From what single rounds gave to one figure with its interval."""

from __future__ import annotations

import random
import statistics
from collections.abc import Callable, Sequence

CONFIDENCE = 0.95
RESAMPLES = 2000

# A figure made twice from the same rounds is the same figure.
_SEED = 20240229


def percentile(values: Sequence[float], share: float) -> float:
    """The value that `share` (0 to 1) of the values do not exceed, interpolated between two."""
    ordered = sorted(values)
    place = share * (len(ordered) - 1)
    below = int(place)
    above = min(below + 1, len(ordered) - 1)
    return ordered[below] + (place - below) * (ordered[above] - ordered[below])


def interval(
    rounds: Sequence[float],
    of: Callable[[Sequence[float]], float] = statistics.median,
    confidence: float = CONFIDENCE,
) -> tuple[float, float]:
    """The bootstrap interval of a statistic of rounds.

    Rounds are resampled, not steps: the steps of one process are no independent witnesses, since
    they share its memory layout, its threads and the minute in which it ran.
    """
    chance = random.Random(_SEED)
    found = sorted(of(chance.choices(rounds, k=len(rounds))) for _ in range(RESAMPLES))
    rest = (1 - confidence) / 2
    return percentile(found, rest), percentile(found, 1 - rest)


def ratio_interval(
    above: Sequence[float], below: Sequence[float], confidence: float
) -> tuple[float, float]:
    """The bootstrap interval of the ratio of two medians whose rounds were taken apart."""
    chance = random.Random(_SEED)

    def resampled(rounds: Sequence[float]) -> float:
        return statistics.median(chance.choices(rounds, k=len(rounds)))

    found = sorted(resampled(above) / resampled(below) for _ in range(RESAMPLES))
    rest = (1 - confidence) / 2
    return percentile(found, rest), percentile(found, 1 - rest)


def outlier_share(values: Sequence[float], far: float = 10.0) -> float:
    """The share of values more than `far` median deviations above the median."""
    middle = statistics.median(values)
    deviation = statistics.median(abs(value - middle) for value in values)
    if not deviation:
        return 0.0
    return sum(value > middle + far * deviation for value in values) / len(values)
