"""Counts the rows that a step takes, on all replicas and on each one of this worker."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import tensorflow as tf

# Some rows may be unlike the others, as in the last batch of an epoch.
_MOST = 50


class Rows:
    """The rows of the steps, from what each step is called with.

    A step that takes its batch from an iterator shows none; then the size that the dataset states
    counts.
    """

    def __init__(self) -> None:
        self._replicated: list[tuple[int, ...]] = []
        self._same: list[int] = []
        self.stated = 0
        """The rows that the first distributed dataset states for all replicas; 0 if unknown."""

    def seen(self, arguments: Sequence[Any]) -> None:
        """Count the rows of one step."""
        if len(self._replicated) + len(self._same) >= _MOST:
            return
        for each in _leaves(arguments):
            if isinstance(each, tf.distribute.DistributedValues) and not isinstance(
                each, tf.Variable
            ):
                rows = tuple(_first(value) for value in each._values)
                if all(rows):
                    self._replicated.append(rows)
                    return
            elif isinstance(each, tf.Tensor) and (first := _first(each)):
                self._same.append(first)
                return

    @property
    def of_replicas(self) -> tuple[int, ...]:
        """The mean rows of each replica of this worker; empty if unknown."""
        steps = [rows for rows in self._replicated if len(rows) == len(self._replicated[0])]
        return tuple(round(sum(each) / len(steps)) for each in zip(*steps, strict=True))

    def of_all(self, replicas: int) -> int:
        """The mean rows of a step; 0 if unknown.

        Args:
            replicas: the number of replicas of all workers.
        """
        if own := self.of_replicas:
            return round(sum(own) * replicas / len(own))
        if self.stated:
            return self.stated
        return round(sum(self._same) / len(self._same)) * replicas if self._same else 0


def _leaves(value: Any) -> Iterator[Any]:
    """What is in nested tuples, lists and dictionaries."""
    if isinstance(value, dict):
        value = tuple(value.values())
    if isinstance(value, tuple | list):
        for each in value:
            yield from _leaves(each)
    else:
        yield value


def _first(value: Any) -> int:
    """The size of the first axis; 0 for a scalar or an unknown one."""
    shape = getattr(value, "shape", None)
    return int(shape[0] or 0) if shape is not None and shape.rank else 0
