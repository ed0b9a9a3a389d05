"""Compares the values that replicas write under one name; replicas run one after another."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy
import tensorflow as tf

from testbed.check.observations.seen import SourceLine, Stored
from testbed.worker.watching.data.summary import WHOLE, summary
from testbed.worker.watching.python_state.callers import read_by_caller
from testbed.worker.watching.python_state.object_graph import Spot
from testbed.worker.watching.python_state.statements import overwriting_statement

# Numbers that are computed alike on two devices may differ by this.
_CLOSE = 1e-4

Values = Mapping[Spot, Any]


@dataclass
class _Written:
    value: Any
    changed: Any
    """A mask of the changed elements, if the value replaces an array of the same shape."""


@dataclass
class _KeptWrite:
    run: int
    values: tuple[Any, ...]
    place: SourceLine
    use: SourceLine
    differs: bool
    where: tuple[int, ...]


class ReplicaWrites:
    """Compares the values that each replica of a MirroredStrategy stores with those of the others.

    A value counts if replicas replace the old value by it, and a caller of `strategy.run` reads it
    afterwards. A value that is replaced between two runs is scratch data, and does not count.
    """

    def __init__(self) -> None:
        self._last: Values = {}
        self._stored: dict[Spot, dict[int, _Written]] = {}
        self._kept: dict[Spot, _KeptWrite] = {}
        self._left: dict[Spot, Any] = {}
        self._scratch: set[Spot] = set()

    @property
    def any_kept(self) -> bool:
        """Whether a value is kept that may still turn out to be scratch data."""
        return bool(self._kept)

    def between_runs(self, now: Values) -> None:
        """Compare the state while no replica runs, and drop scratch data."""
        for spot, left in self._left.items():
            if spot in now and not _is_same(left, now[spot]):
                self._scratch.add(spot)
                self._kept.pop(spot, None)
        self._left = {}
        self._last, self._stored = now, {}

    def replica_paused(self, replica: int, now: Values) -> None:
        """Record the writes of a replica that has run to its end, or to a meeting of all."""
        for spot, value in now.items():
            if _is_data(value) and not _is_same(self._last.get(spot), value):
                found = _Written(value, _changed(self._last.get(spot), value))
                self._stored.setdefault(spot, {})[replica] = found
        self._last = now

    def run_ended(self, run: int, replicas: int, now: Values) -> None:
        """Keep the values that all replicas have written."""
        for spot, values in self._stored.items():
            if len(values) == replicas and spot not in self._scratch:
                self._keep(spot, run, [values[each] for each in sorted(values)])
        self._left = {spot: now[spot] for spot in self._kept if spot in now}
        self._last, self._stored = {}, {}

    def stored(self) -> Iterator[Stored]:
        """The values that replicas stored, of the first run in which they differ, or the last."""
        for spot, kept in self._kept.items():
            values = tuple(summary(value) for value in kept.values)
            yield Stored(spot.name, values, kept.run, kept.place, kept.use, kept.where)

    def _keep(self, spot: Spot, run: int, written: list[_Written]) -> None:
        known = self._kept.get(spot)
        arrays, where = _in_common(written)
        if (known and known.differs) or not arrays[0].size:
            return
        differs = any(not _is_close(array, arrays[0]) for array in arrays)
        place = known.place if known else _statement(spot, written[0].value)
        use = known.use if known else place and read_by_caller(spot)
        if place and use:
            self._kept[spot] = _KeptWrite(run, tuple(arrays), place, use, differs, where)


def _changed(old: Any, new: Any) -> Any:
    """A mask of the elements of an array that changed; None if the shape differs."""
    arrays = isinstance(old, numpy.ndarray) and isinstance(new, numpy.ndarray)
    return old != new if arrays and old.shape == new.shape else None


def _in_common(written: list[_Written]) -> tuple[list[Any], tuple[int, ...]]:
    """The values that replicas wrote; of arrays only the elements that all of them wrote."""
    arrays = [numpy.asarray(each.value) for each in written]
    masks = [each.changed for each in written]
    if any(mask is None for mask in masks) or len({array.shape for array in arrays}) > 1:
        return arrays, ()
    common = numpy.logical_and.reduce(masks)
    where = tuple(int(each) for each in numpy.flatnonzero(common)[:WHOLE])
    return [_picked(array, common) for array in arrays], where


def _picked(array: Any, mask: Any) -> Any:
    """The elements under a mask; a single one as a scalar."""
    picked = array[mask]
    return picked[0] if picked.size == 1 else picked


def _statement(spot: Spot, value: Any) -> SourceLine | None:
    found = overwriting_statement(spot.file, spot.name)
    if found is None and isinstance(value, numpy.ndarray):
        found = overwriting_statement(spot.file, spot.name, element=True)
    return found


def _is_data(value: Any) -> bool:
    number = isinstance(value, (int, float)) and not isinstance(value, bool)
    tensor = isinstance(value, tf.Tensor) and not tf.is_symbolic_tensor(value)
    return number or tensor or isinstance(value, numpy.ndarray)


def _is_same(old: Any, new: Any) -> bool:
    if isinstance(old, numpy.ndarray) and isinstance(new, numpy.ndarray):
        return old.shape == new.shape and bool(numpy.array_equal(old, new))
    if isinstance(old, (int, float)) and isinstance(new, (int, float)):
        return old == new
    return old is new


def _is_close(one: Any, other: Any) -> bool:
    if one.shape != other.shape or one.dtype.kind not in "fiub":
        return bool(one.shape == other.shape and numpy.array_equal(one, other))
    return bool(numpy.allclose(one, other, rtol=_CLOSE, atol=1e-7, equal_nan=True))
