"""Statistics of rounds: percentiles, confidence intervals, ratios and outliers."""

from __future__ import annotations

import math
import random
import statistics
from collections.abc import Callable, Sequence

CONFIDENCE = 0.95
RESAMPLES = 1000

# Many figures are compared at once. At 95 %, one in forty would be a false alarm by chance.
_QUANTILE = statistics.NormalDist().inv_cdf(0.9995)

# A fixed seed: the same rounds always give the same figure.
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

    Rounds are resampled, not steps. The steps of one process are not independent, because they
    share its memory layout, its threads and the minute in which it ran.
    """
    chance = random.Random(_SEED)
    found = sorted(of(chance.choices(rounds, k=len(rounds))) for _ in range(RESAMPLES))
    rest = (1 - confidence) / 2
    return percentile(found, rest), percentile(found, 1 - rest)


def log_variance(rounds: Sequence[float]) -> float:
    """The variance of the logarithms of rounds; each round is above 0."""
    return statistics.variance([math.log(value) for value in rounds])


def ratio_interval(
    above: Sequence[float], below: Sequence[float], least_variance: float = 0.0
) -> tuple[float, float, float]:
    """The ratio of two figures with independent rounds, and its 99.9 % interval.

    Args:
        above: at least two rounds, each above 0.
        below: as well.
        least_variance: the least variance of the logarithms to assume. Few rounds often lie close
            together by chance, so they count as at least as noisy as usual for their metric.
    """
    difference = statistics.fmean(map(math.log, above)) - statistics.fmean(map(math.log, below))
    errors = (max(log_variance(each), least_variance) / len(each) for each in (above, below))
    reach = _QUANTILE * math.sqrt(sum(errors))
    return math.exp(difference), math.exp(difference - reach), math.exp(difference + reach)


def outlier_share(values: Sequence[float], far: float = 10.0) -> float:
    """The share of values more than `far` median deviations above the median."""
    middle = statistics.median(values)
    deviation = statistics.median(abs(value - middle) for value in values)
    if not deviation:
        return 0.0
    return sum(value > middle + far * deviation for value in values) / len(values)
