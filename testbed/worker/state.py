"""Python state of somebody's own code: what a replica function changes of it."""

from __future__ import annotations

import functools
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from types import FunctionType, MethodType, ModuleType
from typing import Any

import tensorflow as tf

from testbed.check.seen import StateChange
from testbed.worker.statements import changing_statement
from testbed.worker.watcher import is_authors

# A namespace of this many names is data, not state.
_LARGEST = 2000


@dataclass(frozen=True)
class Spot:
    """Where a piece of state is kept."""

    name: str
    """As the author writes it."""
    file: str
    """Of the code that keeps it."""


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
            if spot in self._changes or spot not in self._before or old == now:
                continue
            kind = "list" if isinstance(now, tuple) else "number"
            if kind == "list" and not (isinstance(old, tuple) and now[0] > old[0]):
                continue
            self._changes[spot] = StateChange(
                spot.name,
                kind,
                old[0] if isinstance(old, tuple) else old,
                now[0] if isinstance(now, tuple) else now,
                changing_statement(spot.file, spot.name, kind),
            )

    def changes(self) -> Iterator[StateChange]:
        """What replica functions changed; only where a statement of theirs does so."""
        return (change for change in self._changes.values() if change.place is not None)


def _state_of(step: Callable[..., Any]) -> Iterator[tuple[Spot, Any]]:
    """Numbers, and lengths of lists, that a function and what it stands beside can reach."""
    step = _innermost(step)
    for module in list(sys.modules.values()):
        file = getattr(module, "__file__", None)
        if isinstance(module, ModuleType) and file and is_authors(file):
            yield from _values(vars(module), file, "")
            for kind in list(vars(module).values()):
                if isinstance(kind, type) and kind.__module__ == module.__name__:
                    yield from _values(dict(vars(kind)), file, f"{kind.__name__}.")
    if isinstance(step, MethodType):
        yield from _attributes(step.__self__, "self.")
        step = step.__func__
    if isinstance(step, FunctionType):
        file = step.__code__.co_filename
        for name, cell in zip(step.__code__.co_freevars, step.__closure__ or (), strict=False):
            try:
                held = cell.cell_contents
            except ValueError:
                continue
            yield from _values({name: held}, file, "")
            yield from _attributes(held, f"{name}.")


def _innermost(step: Any) -> Any:
    while True:
        if isinstance(step, functools.partial):
            step = step.func
        elif hasattr(step, "__wrapped__"):
            step = step.__wrapped__
        elif hasattr(step, "python_function"):
            step = step.python_function
        else:
            return step


def _attributes(held: Any, prefix: str) -> Iterator[tuple[Spot, Any]]:
    """The state of an object of the author's own classes."""
    kind = type(held)
    file = getattr(sys.modules.get(kind.__module__), "__file__", None)
    if not file or not is_authors(file) or not hasattr(held, "__dict__"):
        return
    own = {name: value for name, value in vars(held).items() if not name.startswith("_")}
    yield from _values(own, file, prefix)


def _values(namespace: dict[str, Any], file: str, prefix: str) -> Iterator[tuple[Spot, Any]]:
    if len(namespace) > _LARGEST:
        return
    for name, value in list(namespace.items()):
        if isinstance(value, (int, float)) and not isinstance(value, bool):
            yield Spot(prefix + name, file), value
        elif isinstance(value, list) and not isinstance(value, tf.Module):
            # As a tuple, so that it is told from a number.
            yield Spot(prefix + name, file), (len(value),)
