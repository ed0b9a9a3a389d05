"""Python state of somebody's own code: what a replica function changes of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import tensorflow as tf

from testbed.check.seen import StateChange
from testbed.worker.reach import Spot, reached_from
from testbed.worker.statements import changing_statement


class State:
    """Holds numbers and lengths of lists before a run against what they are after it."""

    def __init__(self) -> None:
        self._before: dict[Spot, Any] = {}
        self._changes: dict[Spot, StateChange] = {}

    def before(self, step: Callable[..., Any]) -> None:
        """Look before the replicas run."""
        self._before = dict(_state_of(step))

    def after(self, step: Callable[..., Any]) -> None:
        """Look again, and keep what has grown or changed."""
        for spot, now in _state_of(step):
            old = self._before.get(spot)
            if spot in self._changes or old is None or old == now or type(old) is not type(now):
                continue
            if isinstance(now, tuple):
                if now[0] > old[0]:
                    self._keep(spot, "list", old[0], now[0])
            else:
                self._keep(spot, "number", old, now)

    def changes(self) -> Iterator[StateChange]:
        """What replica functions changed; only where a statement of theirs does so."""
        return (change for change in self._changes.values() if change.place is not None)

    def _keep(self, spot: Spot, kind: str, old: Any, now: Any) -> None:
        place = changing_statement(spot.file, spot.name, kind)
        self._changes[spot] = StateChange(spot.name, kind, old, now, place)


def _state_of(step: Callable[..., Any]) -> Iterator[tuple[Spot, Any]]:
    """Numbers, and lengths of lists, that a function and what it stands beside can reach."""
    for spot, value in reached_from(step, []):
        if isinstance(value, (int, float)) and not isinstance(value, bool):
            yield spot, value
        elif isinstance(value, list) and not isinstance(value, tf.Module):
            # As a tuple, so that it is told from a number.
            yield spot, (len(value),)
