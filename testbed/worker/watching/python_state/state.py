"""Python state of somebody's own code: what a replica function changes of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy
import tensorflow as tf

from testbed.check.seen import StateChange, Stored
from testbed.worker.watching.python_state.object_graph import Spot, reached_from
from testbed.worker.watching.python_state.replica_writes import ReplicaWrites
from testbed.worker.watching.python_state.statements import (
    changing_statement,
    overwriting_statement,
)

# Runs before and after which state is looked at; later ones are many, and take time. Two of ten,
# as what is done every tenth time is done in the first of them or in the last.
_ALL_LOOKED_AT = 20
_EVERY = 10

# Of an array, before it is data, not state.
_ELEMENTS = 10_000

Step = Callable[..., Any]


class State:
    """Holds numbers, lengths of lists and variables before a run against what is there after it."""

    def __init__(self) -> None:
        self._runs = 0
        self._eager = False
        self._before: dict[Spot, Any] | None = None
        self._changes: dict[Spot, StateChange] = {}
        self._turns = ReplicaWrites()
        self._replicas: set[int] = set()

    def before(self, step: Step) -> None:
        """Look before the replicas run."""
        index, self._runs = self._runs, self._runs + 1
        self._before, self._replicas = None, set()
        # What is traced is traced seldom.
        self._eager = tf.executing_eagerly()
        sampled = index < _ALL_LOOKED_AT or index % _EVERY in (0, _EVERY - 1)
        if sampled or self._turns.any_kept or not self._eager:
            self._before = state_of(step)
            self._turns.between(self._before)

    def turn(self, step: Step, replica: int) -> None:
        """A replica of this worker ends its function, or waits for the others within it."""
        if self._before is not None and self._eager:
            self._replicas.add(replica)
            self._turns.turn(replica, state_of(step))

    def after(self, step: Step) -> None:
        """Look again, and keep what has grown or changed."""
        if self._before is None:
            return
        now = state_of(step)
        if self._eager:
            self._turns.over(self._runs, len(self._replicas), now)
        for spot, kind, old, new in what_changed(self._before, now):
            if spot not in self._changes:
                statement = "list" if kind == "list" else "number"
                place = changing_statement(spot.file, spot.name, statement)
                self._changes[spot] = StateChange(spot.name, kind, old, new, place, spot.file)
        self._before = None

    def changes(self) -> Iterator[StateChange]:
        """What replica functions changed; only where a statement of theirs does so."""
        return (change for change in self._changes.values() if change.place is not None)

    def stored(self) -> Iterator[Stored]:
        """What each replica stored under one name."""
        self._turns.between(state_of(None))
        return self._turns.stored()


class _Length(int):
    """The length of a list, which is no number that the author keeps."""


def state_of(step: Step | None) -> dict[Spot, Any]:
    """What a function and what it stands beside can reach, as it can be compared later."""
    return {
        spot: kept for spot, value in reached_from(step, []) if (kept := _kept(value)) is not None
    }


def what_changed(
    before: dict[Spot, Any], now: dict[Spot, Any]
) -> Iterator[tuple[Spot, str, Any, Any]]:
    """What has grown or changed between two looks: where, its kind, the old and the new."""
    for spot, value in now.items():
        old = before.get(spot)
        if isinstance(old, tf.Variable):
            if isinstance(value, tf.Tensor):
                yield spot, "variable", str(old.name), ""
        elif isinstance(old, _Length) and isinstance(value, _Length):
            if value > old:
                yield spot, "list", int(old), int(value)
        elif (
            type(old) is type(value)
            and _is_number(value)
            and old != value
            # What takes the place of the old is counted by nobody.
            and overwriting_statement(spot.file, spot.name) is None
        ):
            yield spot, "number", old, value


def _kept(value: Any) -> Any:
    if isinstance(value, numpy.ndarray):
        fits = value.size <= _ELEMENTS and value.dtype.kind in "fiub"
        return value.copy() if fits else None
    if isinstance(value, list) and not isinstance(value, tf.Module):
        return _Length(len(value))
    if isinstance(value, numpy.number):
        return value.item()
    if _is_number(value) or isinstance(value, (tf.Tensor, tf.Variable)):
        return value
    return None


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, (bool, _Length))
