"""Finds the user's objects that objects of libraries hold, as an optimizer holds its schedule."""

from __future__ import annotations

import functools
import sys
import weakref
from collections import deque
from collections.abc import Iterator
from types import FunctionType, MethodType, ModuleType, SimpleNamespace
from typing import Any

import numpy
import tensorflow as tf

from testbed.worker.watching.python_state.object_graph import file_of, held_by
from testbed.worker.watching.stack import is_authors

# The objects that one search visits, and how far it goes from an object of a library.
_MOST = 10_000
_DEPTH = 7
# A container with more entries counts as data.
_LARGEST = 1000
# The sets of objects whose results are kept.
_KEPT = 16

_CONTAINERS = (list, tuple, set, frozenset, deque)
_FOLLOWED = (*_CONTAINERS, dict, MethodType, FunctionType, functools.partial)
_DATA = (
    *(str, bytes, int, float, complex, type(None), type, ModuleType),
    *(numpy.ndarray, numpy.generic),
    *(tf.Tensor, tf.Variable, tf.Graph, tf.Operation, tf.data.Dataset, tf.distribute.Strategy),
    tf.distribute.DistributedValues,
)

_Known = tuple[list[Any], list[Any]]


class LibraryObjects:
    """Searches objects of libraries for the user's objects, and keeps what it found.

    A search of the same objects is repeated after 1, 2, 4, 8, ... times, for objects that were
    attached meanwhile.
    """

    def __init__(self) -> None:
        self._found: dict[tuple[int, ...], _Known] = {}
        self._counts: dict[tuple[int, ...], int] = {}

    def search(self, values: list[Any]) -> list[Any]:
        """The user's objects that these values hold, directly or through further objects."""
        roots = list(_roots(values))
        key = tuple(map(id, roots))
        count = self._counts[key] = self._counts.get(key, 0) + 1
        known, found = self._found.get(key, ([], []))
        # Another object may have the id of one that is gone.
        same = len(known) == len(roots) and all(
            ref() is root for ref, root in zip(known, roots, strict=True)
        )
        if same and count & (count - 1):
            return [held for ref in found if (held := ref()) is not None]
        if len(self._found) >= _KEPT:
            self._found.clear()
            self._counts.clear()
        objects = list(_objects_in(roots))
        self._found[key] = ([weakref.ref(each) for each in roots], list(map(weakref.ref, objects)))
        return objects


def _roots(values: list[Any], depth: int = 2) -> Iterator[Any]:
    """The objects among values and in containers among them."""
    for value in values:
        if isinstance(value, (dict, *_CONTAINERS)) and type(value).__weakrefoffset__ == 0:
            if depth and len(value) <= _LARGEST:
                yield from _roots(list(_held_by(value)), depth - 1)
        elif type(value).__weakrefoffset__ and not _is_passed_over(value):
            yield value


@functools.lru_cache(1024)
def _is_runtime(module: str) -> bool:
    """Whether a module is one of TensorFlow's or of Python's."""
    top = module.partition(".")[0]
    return top == "tensorflow" or top in sys.stdlib_module_names


def _is_passed_over(held: Any) -> bool:
    """Whether an object is data, or holds the state of a runtime rather than the user's objects."""
    kind = type(held)
    if isinstance(held, _DATA):
        return True
    # Not by the type: TensorFlow wraps the dicts of a module in proxies.
    followed = isinstance(held, (tf.Module, SimpleNamespace, *_FOLLOWED))
    return not followed and _is_runtime(kind.__module__) and not file_of(kind)


def _objects_in(roots: list[Any]) -> Iterator[Any]:
    """The user's objects, the nearest first."""
    seen: set[int] = set()
    waiting = deque((root, 0) for root in roots)
    while waiting and len(seen) < _MOST:
        held, depth = waiting.popleft()
        if id(held) in seen or _is_passed_over(held):
            continue
        seen.add(id(held))
        if file_of(type(held)) and type(held).__weakrefoffset__:
            yield held
        if depth < _DEPTH:
            waiting.extend((each, depth + 1) for each in _held_by(held))


def _held_by(held: Any) -> Iterator[Any]:
    """The values that an object holds."""
    if isinstance(held, FunctionType):
        if is_authors(held.__code__.co_filename):
            yield from (value for _, value, _ in held_by(held))
        return
    if isinstance(held, MethodType):
        yield held.__self__
    elif isinstance(held, functools.partial):
        yield from (held.func, *held.args, *held.keywords.values())
    elif isinstance(held, dict) and len(held) <= _LARGEST:
        yield from list(held.values())
    elif isinstance(held, _CONTAINERS) and len(held) <= _LARGEST:
        yield from list(held)
    own = getattr(held, "__dict__", None)
    if isinstance(own, dict) and len(own) <= _LARGEST:
        yield from list(own.values())
