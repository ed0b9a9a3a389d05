"""Records the changes that replica functions make to the Python state of the user's code."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy
import tensorflow as tf

from testbed.check.observations.seen import StateChange, Stored
from testbed.worker.watching.python_state.library_objects import LibraryObjects
from testbed.worker.watching.python_state.object_graph import Search, Spot, reached_from
from testbed.worker.watching.python_state.replica_writes import ReplicaWrites
from testbed.worker.watching.python_state.statements import (
    changing_statement,
    is_used,
    overwriting_statement,
)

# The first runs for which the state is compared; of the later ones, which are many, two of ten. A
# change at every tenth run happens in the first or the last of ten.
_ALL_LOOKED_AT = 20
_EVERY = 10

# The largest array that counts as state; a larger one counts as data.
_ELEMENTS = 10_000

Step = Callable[..., Any]


class PythonState:
    """Compares numbers, lengths of lists, and variables before and after a run."""

    def __init__(self) -> None:
        self._runs = 0
        self._eager = False
        self._before: dict[Spot, Any] | None = None
        self._changes: dict[Spot, StateChange] = {}
        self._replica_writes = ReplicaWrites()
        self._replicas: set[int] = set()
        self._search = LibraryObjects().search
        # The state when a replica paused last, and the replicas that changed each value.
        self._last: dict[Spot, Any] = {}
        self._changed_by: dict[Spot, set[int]] = {}

    def before(self, step: Step) -> None:
        """Read the state before the replicas run."""
        index, self._runs = self._runs, self._runs + 1
        self._before, self._replicas = None, set()
        # Traces are rare, so the state is always compared for them.
        self._eager = tf.executing_eagerly()
        sampled = index < _ALL_LOOKED_AT or index % _EVERY in (0, _EVERY - 1)
        if sampled or self._replica_writes.any_kept or not self._eager:
            self._before = self._last = state_of(step, self._search)
            self._changed_by = {}
            self._replica_writes.between_runs(self._before)

    def replica_paused(self, step: Step, replica: int) -> None:
        """Read the state when a replica ends its function, or waits for the others within it."""
        if self._before is None:
            return
        self._replicas.add(replica)
        now = state_of(step, self._search)
        for spot, *_ in what_changed(self._last, now):
            self._changed_by.setdefault(spot, set()).add(replica)
        self._last = now
        if self._eager:
            self._replica_writes.replica_paused(replica, now)

    def after(self, step: Step) -> None:
        """Read the state again, and record growth and changes."""
        if self._before is None:
            return
        now = state_of(step, self._search)
        if self._eager:
            self._replica_writes.run_ended(self._runs, len(self._replicas), now)
        for spot, kind, old, new in what_changed(self._before, now):
            once = kind != "variable" and self._is_changed_once(spot)
            if spot not in self._changes and not once:
                statement = "list" if kind == "list" else "number"
                place = changing_statement(spot.file, spot.name, statement)
                used = kind == "number" and place is not None and is_used(spot.name, place)
                change = StateChange(spot.name, kind, old, new, place, spot.file, used)
                self._changes[spot] = change
        self._before = None

    def _is_changed_once(self, spot: Spot) -> bool:
        """Whether only one of several replicas changed a value, as where it makes something."""
        return len(self._replicas) > 1 and len(self._changed_by.get(spot, ())) == 1

    def changes(self) -> Iterator[StateChange]:
        """The changes by replica functions; only those that a statement of the code explains."""
        return (change for change in self._changes.values() if change.place is not None)

    def stored(self) -> Iterator[Stored]:
        """The values that each replica stored under one name."""
        self._replica_writes.between_runs(state_of(None, self._search))
        return self._replica_writes.stored()


class _Length(int):
    """The length of a list, as distinct from a number of the user's code."""


def state_of(step: Step | None, search: Search | None = None) -> dict[Spot, Any]:
    """The values that a function and the user's modules can reach, in a comparable form."""
    found = reached_from(step, [], search)
    return {spot: kept for spot, value in found if (kept := _kept(value)) is not None}


def what_changed(
    before: dict[Spot, Any], now: dict[Spot, Any]
) -> Iterator[tuple[Spot, str, Any, Any]]:
    """Growth and changes between two states: spot, kind, old and new value."""
    for spot, value in now.items():
        if change := _change(spot, before.get(spot), value):
            yield spot, *change


def _change(spot: Spot, old: Any, now: Any) -> tuple[str, Any, Any] | None:
    """What kind of value has changed, and from what to what; None if nothing has."""
    if isinstance(old, tf.Variable):
        return ("variable", str(old.name), "") if isinstance(now, tf.Tensor) else None
    if isinstance(old, _Length) and isinstance(now, _Length):
        return ("list", int(old), int(now)) if now > old else None
    changed = type(old) is type(now) and _is_number(now) and old != now
    # A number that is overwritten is no count.
    if changed and overwriting_statement(spot.file, spot.name) is None:
        return "number", old, now
    return None


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
