"""Finds in bytecode what a function reads: names, attributes of objects, random numbers."""

from __future__ import annotations

import dis
import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from types import CodeType, FunctionType, MethodType, ModuleType
from typing import Any

import numpy
import tensorflow as tf

from testbed.check.observations.seen import SourceLine
from testbed.worker.watching.python_state.object_graph import (
    CLOSURE,
    Spot,
    file_of,
    held_by,
    innermost,
)
from testbed.worker.watching.stack import is_authors

# The shared sources of random numbers, which belong to no object of the user's.
STREAMS = {"numpy.random": numpy.random.rand.__self__, "random": random.random.__self__}  # type: ignore[attr-defined]
_NO_DRAW = ("seed", "get_state", "set_state", "getstate", "setstate")

# Attributes of an array that do not depend on its elements.
_SHAPES = ("shape", "dtype", "size", "ndim")
_BETWEEN = ("CACHE", "EXTENDED_ARG", "NOP", "PUSH_NULL", "PRECALL")
_UNKNOWN = object()

Lines = set[tuple[str, int]]


@dataclass(frozen=True)
class Name:
    """A name as an instruction reads it."""

    name: str
    file: str = ""
    """For a global the file of its module; for a closure that of the function that reads it."""
    owner: int | None = 0
    """The owner as in `Spot`; None if the object is unknown before the function runs."""


@dataclass
class BytecodeReads:
    """The reads of a function and of the user's functions that it calls."""

    names: dict[Name, dict[CodeType, SourceLine]] = field(default_factory=dict)
    """For each name, the first line of each code that reads it."""
    contents: set[Name] = field(default_factory=set)
    """Names of which more than the shape is read."""
    draws: dict[str, dict[CodeType, SourceLine]] = field(default_factory=dict)
    """Functions that draw from a shared stream, as `numpy.random.rand`, with their lines."""

    def place(self, name: Name, without: Lines) -> SourceLine | None:
        """The first line that reads a name, except for the lines in `without`."""
        return _first(self.names.get(name, {}), without)

    def place_of_draw(self, draw: str, without: Lines) -> SourceLine | None:
        """The first line that draws a number, except for the lines in `without`."""
        return _first(self.draws.get(draw, {}), without)


def name_of(spot: Spot) -> Name:
    """The name by which an instruction reads a spot."""
    if "." in spot.name:
        return Name(spot.name.rpartition(".")[2], "", spot.owner)
    return Name(spot.name, spot.file, spot.owner)


def bytecode_reads_of(function: Any) -> BytecodeReads:
    """Everything that a function and the user's functions that it calls may read.

    A method may be called on an object that is unknown before the function runs. Then every method
    of that name counts, on every object that the function names.
    """
    found = BytecodeReads()
    waiting, seen = [innermost(function)], set[CodeType]()
    while waiting:
        each = waiting.pop()
        code = getattr(getattr(each, "__func__", each), "__code__", None)
        if code is None or code in seen or not is_authors(code.co_filename):
            continue
        seen.add(code)
        for inner in codes_in(code):
            scan = _Scan(each, inner, found)
            scan.scan()
            waiting += [*scan.calls, *_methods(each, inner, scan.unknown)]
    return found


def codes_in(code: CodeType) -> Iterator[CodeType]:
    """A code object, and those of the functions within it."""
    yield code
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from codes_in(constant)


def _instructions(
    code: CodeType,
) -> Iterator[tuple[dis.Instruction, dis.Instruction | None, int]]:
    """The instructions of a code object: each one, the next one, and its line."""
    line = code.co_firstlineno
    found = [each for each in dis.get_instructions(code) if each.opname not in _BETWEEN]
    for each, after in zip(found, [*found[1:], None], strict=True):
        line = getattr(each, "line_number", each.starts_line) or line
        yield each, after, line


class _Scan:
    """Follows the instructions of one code object, and the known objects that they load."""

    def __init__(self, function: Any, code: CodeType, found: BytecodeReads) -> None:
        plain = getattr(function, "__func__", function)
        self._code, self._found = code, found
        self._globals = getattr(plain, "__globals__", {})
        self._free = {name: held for name, held, _ in held_by(function)}
        bound = getattr(function, "__self__", _UNKNOWN)
        self._self = getattr(bound, "target", bound)
        own = getattr(plain, "__code__", None) is code
        self._first = code.co_varnames[0] if own and code.co_argcount else ""
        self.calls: list[Any] = []
        """Functions that the code may call."""
        self.unknown: set[str] = set()
        """Attributes, and so perhaps methods, of unknown objects."""

    def scan(self) -> None:
        """Add the reads of the code to those found."""
        held: Any = _UNKNOWN
        before = ""
        for each, after, line in _instructions(self._code):
            if each.opname not in _LOADS or not isinstance(each.argval, str):
                held, before = _UNKNOWN, ""
                continue
            name, held = self._load(each.opname, each.argval, held)
            if after is None or after.opname not in _OF_OBJECTS:
                self.calls += _called(held)
            if name is not None:
                shape = before == "len" or (after is not None and after.argval in _SHAPES)
                self._note_read(name, held, line, contents=not shape)
            before = each.argval

    def _note_read(self, name: Name, held: Any, line: int, *, contents: bool) -> None:
        place = SourceLine(self._code.co_filename, line, self._code.co_name)
        self._found.names.setdefault(name, {}).setdefault(self._code, place)
        if contents:
            self._found.contents.add(name)
        # Distributed values pass unknown attributes on to their value, as in `innermost`.
        if not isinstance(held, tf.distribute.DistributedValues):
            self._note_draw(held, place)

    def _load(self, how: str, name: str, held: Any) -> tuple[Name | None, Any]:
        if how in ("LOAD_GLOBAL", "LOAD_NAME"):
            file = str(self._globals.get("__file__", self._code.co_filename))
            return Name(name, file), self._globals.get(name, _UNKNOWN)
        if how == "LOAD_DEREF":
            return Name(name, self._code.co_filename, CLOSURE), self._free.get(name, _UNKNOWN)
        if how == "LOAD_FAST":
            return None, self._self if name == self._first else _UNKNOWN
        if isinstance(held, ModuleType):
            return Name(name, str(getattr(held, "__file__", ""))), vars(held).get(name, _UNKNOWN)
        if held is _UNKNOWN:
            self.unknown.add(name)
            return Name(name, "", None), _UNKNOWN
        return Name(name, "", id(_owner(held, name))), _attribute(held, name)

    def _note_draw(self, held: Any, place: SourceLine) -> None:
        for stream, source in STREAMS.items():
            name = getattr(held, "__name__", "")
            if getattr(held, "__self__", None) is source and name not in _NO_DRAW:
                self._found.draws.setdefault(f"{stream}.{name}", {}).setdefault(self._code, place)


_OF_OBJECTS = ("LOAD_ATTR", "LOAD_METHOD")
_LOADS = ("LOAD_GLOBAL", "LOAD_NAME", "LOAD_DEREF", "LOAD_FAST", *_OF_OBJECTS)

# The methods that run when an object is called: of any object, and of one of Keras.
_CALLING = ("__call__", "call")


def _attribute(held: Any, name: str) -> Any:
    """The value of an attribute, without running a property."""
    owner = _owner(held, name)
    found = getattr(owner, "__dict__", {}).get(name, _UNKNOWN)
    if owner is held or isinstance(held, type):
        return found
    plain = innermost(found)
    return plain.__get__(held) if isinstance(plain, FunctionType) else found


def _owner(held: Any, name: str) -> Any:
    """The object or the class of it that holds an attribute."""
    kinds = held.__mro__ if isinstance(held, type) else type(held).__mro__
    having = (each for each in (held, *kinds) if name in getattr(each, "__dict__", {}))
    return next(having, held)


def _called(held: Any) -> list[Any]:
    """The functions that run when an object is called."""
    function = innermost(held)
    if isinstance(function, tf.distribute.DistributedValues):
        return []
    # Excludes compiled functions, whose code has no instructions.
    if isinstance(getattr(function, "__func__", function), FunctionType):
        return [function]
    if isinstance(held, type) or not file_of(type(held)):
        return []
    methods = (_attribute(held, name) for name in _CALLING)
    return [each for each in methods if isinstance(each, MethodType)]


def _first(places: dict[CodeType, SourceLine], without: Lines) -> SourceLine | None:
    found = (place for place in places.values() if (place.file, place.line) not in without)
    return next(found, None)


def _methods(function: Any, code: CodeType, names: set[str]) -> Iterator[Any]:
    """The methods with these names, of all objects that a function names."""
    for held in _named_objects(function, code):
        if file_of(type(held)):
            yield from (m for name in names if callable(m := _attribute(held, name)))


def _named_objects(function: Any, code: CodeType) -> Iterator[Any]:
    """The objects that a function names, except modules, and the attributes of these objects."""
    namespace = getattr(getattr(function, "__func__", function), "__globals__", {})
    objects = [namespace[name] for name in code.co_names if name in namespace]
    objects += [held for _, held, _ in held_by(function)]
    for held in objects:
        if not isinstance(held, ModuleType):
            yield held
            yield from list(vars(held).values()) if hasattr(held, "__dict__") else []
