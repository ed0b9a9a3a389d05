"""Walks the objects that the user's code can reach, from modules, functions and instances."""

from __future__ import annotations

import contextlib
import functools
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from types import FunctionType, MethodType, ModuleType
from typing import Any

import tensorflow as tf

from testbed.worker.watching.stack import is_authors

_DEPTH = 3
# A namespace with more names counts as data, not as state.
_LARGEST = 1000
# The types of values that hold no objects.
_PLAIN = (str, int, float, type(None), type, ModuleType)


@dataclass(frozen=True)
class Spot:
    """The place of a value: a name, an attribute or an entry."""

    name: str
    """As the user writes it: `STEPS`, `self.progress.done`, `self.audit[...]`."""
    file: str
    """The file of the code that holds the value."""
    owner: int = 0
    """The id of the object that holds it; 0 for a module, CLOSURE for a closure of a function."""


CLOSURE = -1

Found = Iterator[tuple[Spot, Any]]


Search = Callable[[list[Any]], list[Any]]
"""Finds the user's objects that other objects hold."""


@dataclass
class _Walk:
    """The state of one walk."""

    seen: set[int] = field(default_factory=set)
    """The ids of the objects that were visited."""
    private: bool = False
    """Whether private attributes count that the user's methods name."""
    others: list[Any] = field(default_factory=list)
    """The values that may hold further objects of the user's: containers and libraries' objects."""


def reached_from(
    step: Callable[..., Any] | None, objects: list[Any], search: Search | None = None
) -> Found:
    """Every value in the user's modules, in the closure of a function, and in further objects.

    Args:
        step: the function; None for none.
        objects: the further objects.
        search: gets all other values, and returns the user's objects that they hold; their values
            count as well, and private attributes that the user's methods name.
    """
    walk = _Walk(private=search is not None)
    modules = dict(sys.modules)
    for name in _authors_modules(tuple(modules), tuple(map(id, modules.values()))):
        file = str(getattr(modules[name], "__file__", ""))
        yield from _names(vars(modules[name]), file, "", 0, _DEPTH, walk)
    for held in objects:
        yield from _object(held, "self", _DEPTH, walk)
    if step is not None:
        for name, held, file in held_by(step):
            if name == "self":
                walk.others.append(held)
                yield from _object(held, "self", _DEPTH, walk)
            else:
                yield from _names({name: held}, file, "", CLOSURE, _DEPTH, walk)
    for held in search(walk.others) if search else ():
        yield from _object(held, "self", 1, walk)


@functools.lru_cache(1)
def _authors_modules(names: tuple[str, ...], _: tuple[int, ...]) -> list[str]:
    """The names of the user's modules; cached, because nearly all modules are libraries'.

    A module kept in the cache would outlive the program, with all its objects.

    Args:
        names: the names of all modules.
        _: the ids of all modules, in the same order; a module may take the place of another one.
    """
    return [
        name
        for name in names
        if isinstance(module := sys.modules.get(name), ModuleType)
        and (file := getattr(module, "__file__", None))
        and is_authors(file)
    ]


def held_by(step: Callable[..., Any]) -> Iterator[tuple[str, Any, str]]:
    """The object to which a function is bound, and its closure: name, value, file."""
    step = innermost(step)
    if isinstance(step, MethodType):
        # tf.function wraps the object of a method in another one.
        yield "self", getattr(step.__self__, "target", step.__self__), ""
        step = innermost(step.__func__)
    if isinstance(step, FunctionType):
        for name, held in closure_of(step):
            yield name, held, step.__code__.co_filename


def closure_of(function: Any) -> Iterator[tuple[str, Any]]:
    """The names that a function closes over, and their values; without names that are not set."""
    cells = getattr(function, "__closure__", None) or ()
    for name, cell in zip(function.__code__.co_freevars if cells else (), cells, strict=True):
        with contextlib.suppress(ValueError):
            yield name, cell.cell_contents


def innermost(step: Any) -> Any:
    """The function that the user wrote, without its wrappers."""
    while not isinstance(step, tf.distribute.DistributedValues):
        if isinstance(step, functools.partial):
            step = step.func
        elif hasattr(step, "python_function"):
            step = step.python_function
        elif hasattr(step, "__wrapped__") and not isinstance(step, MethodType):
            step = step.__wrapped__
        else:
            break
    # Distributed values pass unknown attributes on to their value, which may take a collective.
    return step


def file_of(kind: type) -> str:
    """The user's file that defines a class; empty for any other class."""
    file = getattr(sys.modules.get(kind.__module__), "__file__", None)
    return file if file and is_authors(file) else ""


def _named_by(kind: type) -> set[str]:
    """The names in the user's methods of a class, which may be attributes."""
    return {
        name
        for each in kind.__mro__
        if file_of(each)
        for method in vars(each).values()
        if isinstance(method, FunctionType)
        for name in method.__code__.co_names
    }


def _object(held: Any, name: str, depth: int, walk: _Walk) -> Found:
    kind = held if isinstance(held, type) else type(held)
    file = file_of(kind)
    if not file or not depth or id(held) in walk.seen or not hasattr(held, "__dict__"):
        return
    walk.seen.add(id(held))
    named = _named_by(kind) if walk.private else set[str]()
    own = {
        each: value
        for each, value in vars(held).items()
        if each in named or not each.startswith("_")
    }
    yield from _names(own, file, f"{name}.", id(held), depth, walk)
    if not isinstance(held, type):
        yield from _object(kind, kind.__name__, depth, walk)


def _names(
    namespace: dict[str, Any], file: str, prefix: str, owner: int, depth: int, walk: _Walk
) -> Found:
    if len(namespace) > _LARGEST:
        return
    for name, value in list(namespace.items()):
        spot = Spot(prefix + name, file, owner)
        yield spot, value
        # Every module holds all built-in names in `__builtins__`.
        if isinstance(value, dict) and not name.startswith("__"):
            walk.others.append(value)
            yield from _entries(value, spot)
        elif isinstance(value, FunctionType):
            yield from _closure(value, depth, walk)
        else:
            if not isinstance(value, _PLAIN):
                walk.others.append(value)
            yield from _object(value, spot.name, depth - 1, walk)


def _entries(namespace: dict[Any, Any], spot: Spot) -> Found:
    if len(namespace) <= _LARGEST:
        for key, entry in list(namespace.items()):
            yield Spot(f"{spot.name}[{key!r}]", spot.file, id(namespace)), entry


def _closure(function: FunctionType, depth: int, walk: _Walk) -> Found:
    if is_authors(function.__code__.co_filename) and id(function) not in walk.seen:
        walk.seen.add(id(function))
        for name, held, file in held_by(function):
            yield from _names({name: held}, file, "", CLOSURE, depth - 1, walk)
