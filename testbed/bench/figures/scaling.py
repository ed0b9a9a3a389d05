"""How a step scales: examples per second, and efficiency against one replica."""

from __future__ import annotations


def examples_per_second(batch: int, replicas: int, seconds: float) -> float:
    """Examples of all replicas by the time of one step; `batch` is one replica's."""
    return batch * replicas / seconds


def efficiency(examples: float, replicas: int, examples_of_one: float) -> float:
    """The share of what `replicas` times one replica would do; 1 is perfect."""
    return examples / (replicas * examples_of_one)


def doubling(most: int) -> list[int]:
    """1, 2, 4, ... up to `most`, and `most` itself."""
    counts = []
    count = 1
    while count < most:
        counts.append(count)
        count *= 2
    return [*counts, most]
