"""Calls of tf.functions: with which variables, and on what they read when they were traced."""

from __future__ import annotations

import dis
from collections.abc import Iterator
from dataclasses import dataclass, field
from types import CodeType, FunctionType
from typing import Any

import tensorflow as tf

from testbed.check.seen import Frozen, Mixed, Place
from testbed.worker.watcher import author_place, is_authors

_DEPTH = 3


@dataclass
class _Traced:
    """What a tf.function read when it was traced last."""

    count: int = 0
    values: dict[str, Any] = field(default_factory=dict)
    last: dict[str, Any] = field(default_factory=dict)
    changed: dict[str, Any] = field(default_factory=dict)
    """What differs from that in the last call; sure once another call has not traced anew."""


class Calls:
    """Remembers what each tf.function was called with."""

    def __init__(self) -> None:
        self.mixed: dict[int, Mixed] = {}
        self._variables: dict[tuple[int, int], Any] = {}
        self._traced: dict[int, _Traced] = {}
        self._frozen: dict[tuple[int, str], Frozen] = {}
        # By their ids, which mean nothing once they are gone.
        self._functions: dict[int, Any] = {}

    def called(self, function: Any, args: Any, kwargs: Any) -> None:
        """A tf.function is about to be called."""
        self._functions[id(function)] = function
        self._look_at_variables(function, (args, kwargs))
        self._look_at_globals(function)

    def frozen(self) -> Iterator[Frozen]:
        """What changed after it was traced, and was not traced again."""
        for key, function in self._functions.items():
            traced = self._traced.get(key)
            if (
                traced
                and traced.changed
                and function.experimental_get_tracing_count() == traced.count
            ):
                self._confirm(function, traced)
        return iter(self._frozen.values())

    def _look_at_variables(self, function: Any, arguments: Any) -> None:
        for position, value in enumerate(tf.nest.flatten(arguments)):
            if not isinstance(value, tf.distribute.DistributedValues):
                continue
            if not isinstance(value, tf.Variable):
                continue
            first = self._variables.setdefault((id(function), position), value)
            if first is not value and id(function) not in self.mixed:
                place, _ = author_place()
                name = getattr(function.python_function, "__name__", "a tf.function")
                self.mixed[id(function)] = Mixed(name, str(first.name), str(value.name), place)

    def _look_at_globals(self, function: Any) -> None:
        python = function.python_function
        if not isinstance(python, FunctionType) or not is_authors(python.__code__.co_filename):
            return
        now = {name: value for name, value, _ in _numbers_read(python)}
        count = function.experimental_get_tracing_count()
        traced = self._traced.get(id(function))
        if traced is None:
            self._traced[id(function)] = _Traced(0, now, now)
            return
        if count != traced.count:
            # The call before this one traced, on what was then.
            traced.count, traced.values, traced.changed = count, traced.last, {}
        elif traced.changed:
            self._confirm(function, traced)
        traced.changed = {
            name: value for name, value in now.items() if value != traced.values.get(name, value)
        }
        traced.last = now

    def _confirm(self, function: Any, traced: _Traced) -> None:
        python = function.python_function
        places = {name: place for name, _, place in _numbers_read(python)}
        for name, value in traced.changed.items():
            self._frozen.setdefault(
                (id(function), name),
                Frozen(name, traced.values[name], value, places.get(name), python.__name__),
            )


def _numbers_read(function: FunctionType, depth: int = _DEPTH) -> Iterator[tuple[str, Any, Place]]:
    """The global numbers that a function and the author's functions that it calls read."""
    for code in _codes(function.__code__):
        line = code.co_firstlineno
        for instruction in dis.get_instructions(code):
            line = instruction.starts_line or line
            if instruction.opname not in ("LOAD_GLOBAL", "LOAD_NAME"):
                continue
            name = instruction.argval
            value = function.__globals__.get(name)
            if isinstance(value, (int, float)) and not isinstance(value, bool):
                yield name, value, Place(code.co_filename, line, code.co_name)
            elif (
                isinstance(value, FunctionType)
                and depth
                and value is not function
                and is_authors(value.__code__.co_filename)
            ):
                yield from _numbers_read(value, depth - 1)


def _codes(code: CodeType) -> Iterator[CodeType]:
    yield code
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from _codes(constant)
