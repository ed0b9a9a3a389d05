"""Variables that are kept for their values: at the end, between steps, and when they are read."""

from __future__ import annotations

import math
from typing import Any

import tensorflow as tf

from testbed.worker.watching.data.batches import components
from testbed.worker.watching.data.summary import WHOLE, summary

# A value of more elements is told by figures between steps, which are many.
_WHOLE_BETWEEN_STEPS = 4
# What a check holds in memory has to end somewhere, and so has what it reads while steps are taken.
_KEPT_BYTES = 2**30
_LOOKED_AT_BYTES = 2**26

Values = tuple[Any, ...]
"""Of each copy."""


class VariableValues:
    """Variables by the numbers of their births."""

    def __init__(self) -> None:
        self.looking = False
        """Whether it reads values now, which is nothing that the program does."""
        self._variables: dict[int, Any] = {}
        self._bytes = 0
        self._looks: dict[int, list[tuple[int, Values]]] = {}

    def keep(self, number: int, variable: Any) -> None:
        """Keep a variable, if there is room."""
        elements = math.prod(size or 1 for size in variable.shape.as_list() or ())
        self._bytes += elements * variable.dtype.size
        if self._bytes <= _KEPT_BYTES:
            self._variables[number] = variable

    def drop(self, number: int) -> None:
        """Keep it no longer: it was no variable of its own."""
        self._variables.pop(number, None)

    def get(self, number: int) -> Any:
        """The variable, if it is kept."""
        return self._variables.get(number)

    def distributed(self) -> list[Any]:
        """Those that have a copy for each replica."""
        kept = self._variables.values()
        return [each for each in kept if isinstance(each, tf.distribute.DistributedValues)]

    def values(self, number: int) -> Values:
        """The value of each copy; nothing where there is none."""
        return self._read(number, WHOLE)

    def looks(self, number: int) -> tuple[tuple[int, Values], ...]:
        """After how many steps it was looked at, and what its copies held."""
        return tuple(self._looks.get(number, ()))

    def look(self, step: int) -> None:
        """Look at what should be alike on all replicas and workers, now and then.

        Args:
            step: how many steps have been taken.
        """
        # After the first, second, fourth, ...: many steps take few looks.
        if step & (step - 1) or not step or self._bytes > _LOOKED_AT_BYTES:
            return
        for number, variable in self._variables.items():
            if _should_be_alike(variable):
                values = self._read(number, _WHOLE_BETWEEN_STEPS)
                self._looks.setdefault(number, []).append((step, values))

    def apart(self, number: int) -> Values:
        """The value of each copy, where copies that should be alike differ now."""
        variable = self._variables.get(number)
        if variable is None or not _should_be_alike(variable):
            return ()
        values = self._read(number, WHOLE)
        return values if any(value != values[0] for value in values) else ()

    def _read(self, number: int, whole: int) -> Values:
        variable = self._variables.get(number)
        if variable is None:
            return ()
        self.looking = True
        try:
            return tuple(summary(each.numpy(), whole) for each in components(variable))
        except Exception:
            # Of a graph, or never initialised.
            return ()
        finally:
            self.looking = False


def _should_be_alike(variable: Any) -> bool:
    distributed = isinstance(variable, tf.distribute.DistributedValues)
    return distributed and variable.synchronization != tf.VariableSynchronization.ON_READ
