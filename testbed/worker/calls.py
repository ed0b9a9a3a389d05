"""Calls of tf.functions: with which variables, and on what they read when they were traced."""

from __future__ import annotations

import dis
from collections.abc import Iterator
from dataclasses import dataclass, field
from types import CodeType, FunctionType
from typing import Any

import tensorflow as tf

from testbed.check.seen import Frozen, Mixed, Place
from testbed.worker.reach import CLOSURE, Spot, file_of, held_by, innermost, reached_from
from testbed.worker.watcher import author_place, is_authors

# Calls whose numbers are looked at; later ones are many, and take time.
_ALL_LOOKED_AT = 20
_LOOKED_AT_EVERY = 10

_LOADING = {
    "LOAD_GLOBAL": "global",
    "LOAD_NAME": "global",
    "LOAD_DEREF": "free",
    "LOAD_ATTR": "attribute",
    "LOAD_METHOD": "attribute",
}

Name = tuple[str, str, str]
"""How a name is read, the name, and, but for an attribute's, the file that reads it."""


@dataclass
class _Traced:
    """What a tf.function read when it was traced last."""

    calls: int = 0
    read: dict[Name, Place] = field(default_factory=dict)
    """Names, and the first line that reads each."""
    count: int = 0
    values: dict[Spot, Any] = field(default_factory=dict)
    last: dict[Spot, Any] = field(default_factory=dict)
    changed: dict[Spot, Any] = field(default_factory=dict)
    """What differs from that in the last call; sure once another call has not traced anew."""


class Calls:
    """Remembers what each tf.function was called with."""

    def __init__(self) -> None:
        self.mixed: dict[int, Mixed] = {}
        self._variables: dict[tuple[int, int], Any] = {}
        self._traced: dict[int, _Traced] = {}
        self._frozen: dict[tuple[int, Spot], Frozen] = {}
        # By their ids, which mean nothing once they are gone.
        self._functions: dict[int, Any] = {}

    def called(self, function: Any, args: Any, kwargs: Any) -> None:
        """A tf.function is about to be called."""
        self._functions[id(function)] = function
        self._look_at_variables(function, (args, kwargs))
        self._look_at_numbers(function)

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
                place = author_place().place
                name = getattr(function.python_function, "__name__", "a tf.function")
                self.mixed[id(function)] = Mixed(name, str(first.name), str(value.name), place)

    def _look_at_numbers(self, function: Any) -> None:
        traced = self._traced.setdefault(id(function), _Traced())
        traced.calls += 1
        if traced.calls > _ALL_LOOKED_AT and traced.calls % _LOOKED_AT_EVERY:
            return
        if not traced.calls - 1:
            traced.read = _names_read(function)
        now = {
            spot: value
            for spot, value in (reached_from(function, []) if traced.read else ())
            if _name_of(spot) in traced.read
            and isinstance(value, (int, float))
            and not isinstance(value, bool)
        }
        count = function.experimental_get_tracing_count()
        if traced.calls == 1 or (count != traced.count and traced.calls > _ALL_LOOKED_AT + 1):
            # Of a trace between two looks nobody knows what it was made with.
            traced.values, traced.changed = now, {}
        elif count != traced.count:
            # The call before this one traced, on what was then.
            traced.values, traced.changed = traced.last, {}
        elif traced.changed:
            self._confirm(function, traced)
        traced.count = count
        traced.changed = {
            spot: value for spot, value in now.items() if value != traced.values.get(spot, value)
        }
        traced.last = now

    def _confirm(self, function: Any, traced: _Traced) -> None:
        name = getattr(innermost(function), "__name__", "the tf.function")
        for spot, value in traced.changed.items():
            self._frozen.setdefault(
                (id(function), spot),
                Frozen(spot.name, traced.values[spot], value, traced.read[_name_of(spot)], name),
            )


def _name_of(spot: Spot) -> Name:
    """How an instruction reads what is kept there."""
    if "." in spot.name:
        return "attribute", spot.name.rpartition(".")[2], ""
    return ("free" if spot.owner == CLOSURE else "global"), spot.name, spot.file


def _names_read(function: Any) -> dict[Name, Place]:
    """The names that a function and what it calls of the author's read, each with its first line.

    Which function of that name is called cannot be told before it runs: all that the author's code
    can reach count.
    """
    found: dict[Name, Place] = {}
    waiting, seen = [innermost(function)], set[CodeType]()
    while waiting:
        each = waiting.pop()
        code = getattr(getattr(each, "__func__", each), "__code__", None)
        if code is None or code in seen or not is_authors(code.co_filename):
            continue
        seen.add(code)
        names: dict[str, None] = {}
        for inner in _codes(code):
            for kind, name, line in _loads(inner):
                names[name] = None
                file = "" if kind == "attribute" else inner.co_filename
                place = Place(inner.co_filename, line, inner.co_name)
                found.setdefault((kind, name, file), place)
        waiting += _callables(each, names)
    return found


def _callables(function: Any, names: dict[str, None]) -> Iterator[Any]:
    """What the names of a function may call: functions, and methods of the author's objects."""
    plain = getattr(function, "__func__", function)
    namespace = dict(getattr(plain, "__globals__", {}))
    objects = []
    for name, held, _ in held_by(function):
        namespace[name] = held
        objects.append(held)
    for name in names:
        value = namespace.get(name)
        if callable(value):
            yield innermost(value)
        elif value is not None:
            objects.append(value)
    for held in objects:
        inside = list(vars(held).values()) if hasattr(held, "__dict__") else []
        for each in [held, *inside]:
            if file_of(type(each)):
                yield from (innermost(m) for name in names if callable(m := _method(each, name)))


def _method(held: Any, name: str) -> Any:
    # Of the class: an attribute of the object may be a property, which would run.
    found = vars(type(held)).get(name)
    return found.__get__(held) if isinstance(found, FunctionType) else innermost(found)


def _loads(code: CodeType) -> Iterator[tuple[str, str, int]]:
    line = code.co_firstlineno
    for instruction in dis.get_instructions(code):
        line = getattr(instruction, "line_number", instruction.starts_line) or line
        if instruction.opname in _LOADING and isinstance(instruction.argval, str):
            yield _LOADING[instruction.opname], instruction.argval, line


def _codes(code: CodeType) -> Iterator[CodeType]:
    yield code
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from _codes(constant)
