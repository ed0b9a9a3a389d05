"""Scaling of a step: examples per second, and efficiency against one replica."""

from __future__ import annotations


def examples_per_second(batch: int, replicas: int, seconds: float) -> float:
    """Examples of all replicas divided by the time of a step; `batch` is that of one replica."""
    return batch * replicas / seconds


def efficiency(examples: float, replicas: int, examples_of_one: float) -> float:
    """Examples as a share of `replicas` times those of one replica; 1 is perfect."""
    return examples / (replicas * examples_of_one)


def doubling(most: int) -> list[int]:
    """1, 2, 4, ... up to `most`, and `most` itself."""
    counts = []
    count = 1
    while count < most:
        counts.append(count)
        count *= 2
    return [*counts, most]
