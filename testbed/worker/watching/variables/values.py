"""Reads the values of variables: at the end, between steps, and when the program reads them."""

from __future__ import annotations

import math
from typing import Any

import tensorflow as tf

from testbed.worker.watching.data.batches import components
from testbed.worker.watching.data.summary import WHOLE, summary

# Between steps, a value with more elements is summarized, because steps are many.
_WHOLE_BETWEEN_STEPS = 4
# Limits of the memory of the variables that are kept, and of those read between steps.
_KEPT_BYTES = 2**30
_LOOKED_AT_BYTES = 2**26
# The first failed steps around which values are read; of the later ones only a few.
_FIRST_FAILED = 8

Values = tuple[Any, ...]
"""The value of each copy."""


class VariableValues:
    """Keeps variables by their numbers, and reads their values."""

    def __init__(self) -> None:
        self.reading = False
        """Whether the watcher itself reads values now; such reads are not the program's."""
        self._variables: dict[int, Any] = {}
        self._bytes = 0
        self._snapshots: dict[int, list[tuple[int, Values]]] = {}
        self.failed_steps: list[int] = []
        """The numbers of the steps that raised, as of `CurrentStep.steps`."""
        self._after_failure = False

    def keep(self, number: int, variable: Any) -> None:
        """Keep a variable, within the limit of memory."""
        elements = math.prod(size or 1 for size in variable.shape.as_list() or ())
        self._bytes += elements * variable.dtype.size
        if self._bytes <= _KEPT_BYTES:
            self._variables[number] = variable

    def drop(self, number: int) -> None:
        """Drop a variable that has become the copy of another one."""
        self._variables.pop(number, None)

    def get(self, number: int) -> Any:
        """The variable, if it is kept."""
        return self._variables.get(number)

    def distributed(self) -> list[Any]:
        """The kept variables that have a copy for each replica."""
        kept = self._variables.values()
        return [each for each in kept if isinstance(each, tf.distribute.DistributedValues)]

    def values(self, number: int) -> Values:
        """The value of each copy; empty if the variable has no value or is not kept."""
        return self._read(number, WHOLE)

    def snapshots(self, number: int) -> tuple[tuple[int, Values], ...]:
        """The number of steps before each snapshot, and the values of the copies."""
        return tuple(self._snapshots.get(number, ()))

    def before_step(self, taken: int) -> None:
        """After some steps, read the variables that should be equal on all replicas and workers.

        Args:
            taken: how many steps have been taken.
        """
        # After steps 1, 2, 4, 8, ...: many steps take few snapshots.
        if _is_power_of_two(taken) or self._after_failure:
            self._after_failure = False
            self._take_snapshot(taken)

    def step_failed(self, step: int) -> None:
        """Record that a step raised: some replicas may have written, others not.

        The values are read now and before the next step: the first reading shows the effect of the
        failure, the second one also that of the program's code in between.
        """
        self.failed_steps.append(step)
        count = len(self.failed_steps)
        if count <= _FIRST_FAILED or _is_power_of_two(count):
            self._after_failure = True
            self._take_snapshot(step)

    def _take_snapshot(self, step: int) -> None:
        if self._bytes > _LOOKED_AT_BYTES:
            return
        for number, variable in self._variables.items():
            if _should_be_equal(variable):
                values = self._read(number, _WHOLE_BETWEEN_STEPS)
                self._snapshots.setdefault(number, []).append((step, values))

    def differing(self, number: int) -> Values:
        """The value of each copy, if copies that should be equal differ now; else empty."""
        variable = self._variables.get(number)
        if variable is None or not _should_be_equal(variable):
            return ()
        values = self._read(number, WHOLE)
        return values if any(value != values[0] for value in values) else ()

    def _read(self, number: int, whole: int) -> Values:
        variable = self._variables.get(number)
        if variable is None:
            return ()
        self.reading = True
        try:
            return tuple(summary(each.numpy(), whole) for each in components(variable))
        except Exception:
            # A variable of a graph, or one that was never initialised.
            return ()
        finally:
            self.reading = False


def _is_power_of_two(number: int) -> bool:
    return number > 0 and not number & (number - 1)


def _should_be_equal(variable: Any) -> bool:
    distributed = isinstance(variable, tf.distribute.DistributedValues)
    return distributed and variable.synchronization != tf.VariableSynchronization.ON_READ
