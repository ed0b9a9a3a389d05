"""Observes vocabularies of the program: lookup tables, and dicts and lists that number tokens."""

from __future__ import annotations

import heapq
import sys
import zlib
from collections.abc import Iterator
from types import CodeType, FrameType
from typing import Any

import tensorflow as tf

from testbed.check.observations.seen import SourceLine
from testbed.check.observations.vocabulary import Vocabulary
from testbed.worker.watching.data.batches import WeakTensorMap
from testbed.worker.watching.python_state.object_graph import Spot, file_of, reached_from
from testbed.worker.watching.python_state.statements import filling_statement, is_searched
from testbed.worker.watching.stack import author_place, is_authors

# Tables whose entries stay as they are; the entries of others may be counts.
_TABLES = ("HashTableV2", "AnonymousHashTable")
_FILLING = ("LookupTableImportV2", "InitializeTableFromTextFileV2")
OF_TABLES = frozenset((*_TABLES, *_FILLING))
"""The operations that create and fill such tables."""
_LAYERS = ("keras/src/layers/preprocessing/", "tf_keras/src/layers/preprocessing/")
# The types of keys and values of a table that is filled from a file.
_FILE_TYPES = ((tf.string, tf.int64), (tf.int64, tf.string))
_KINDS = (dict, list, tuple)
# The most vocabularies of each kind.
_MOST = 50
# A vocabulary with more tokens is not looked at.
_LARGEST = 2**18
# How many tokens are kept, of the first ones and of those that are chosen by their text.
_KEPT = 24
_LONGEST = 100
_SMALLEST = 2
# Numbers below this one may be reserved, as for padding.
_LATEST_FIRST = 8

Tokens = list[tuple[str, int]]


class Vocabularies:
    """Observes operations that fill tables; finds dicts and lists that modules and objects hold."""

    def __init__(self) -> None:
        self._fixed: WeakTensorMap[bool] = WeakTensorMap()
        self._adapted: list[Vocabulary] = []
        self._tables: list[Vocabulary] = []
        # The code of frames that were visited, by id; kept, so that the ids stay unique.
        self._visited: dict[int, CodeType] = {}
        self._held: list[tuple[Spot, str, Any]] = []
        self._objects: list[Any] = []

    def operation(self, kind: str, inputs: Any, outputs: Any) -> None:
        """Record an operation that creates or fills a table."""
        if kind in _TABLES:
            self._fixed.put(outputs[0], True)
        elif kind in _FILLING and inputs[0] in self._fixed:
            here, known = author_place(), len(self._adapted) + len(self._tables)
            tokens = _tokens(*(inputs[1:] if kind == _FILLING[0] else _exported(inputs[0])))
            if here.place and len(tokens) >= _SMALLEST and known < _MOST:
                layer = any(file.startswith(_LAYERS) for file in here.libraries)
                table = vocabulary(here.place, "table", "layer" if layer else "table", tokens)
                adapted = here.function.endswith(":adapt")
                (self._adapted if adapted else self._tables).append(table)

    def step_begins(self) -> None:
        """Keep the vocabularies among the local variables of the user's functions on the stack."""
        frame: FrameType | None = sys._getframe(1)
        while frame is not None:
            code = frame.f_code
            if id(code) not in self._visited:
                self._visited[id(code)] = code
                if is_authors(code.co_filename) and code.co_name != "<module>":
                    self._keep_locals(frame)
            frame = frame.f_back

    def seen(self, objects: list[Any]) -> Iterator[Vocabulary]:
        """All vocabularies; a later one may be made from an earlier one.

        Args:
            objects: further objects of the user's that may hold dicts and lists.
        """
        yield from self._adapted
        yield from self._held_by([*objects, *self._objects])
        yield from self._tables

    def _keep_locals(self, frame: FrameType) -> None:
        for name, value in list(frame.f_locals.items()):
            if isinstance(value, _KINDS):
                if _numbers(value) and len(self._held) < _MOST:
                    spot = Spot(name, frame.f_code.co_filename)
                    self._held.append((spot, frame.f_code.co_name, value))
            elif file_of(type(value)) and len(self._objects) < _MOST:
                self._objects.append(value)

    def _held_by(self, objects: list[Any]) -> Iterator[Vocabulary]:
        known: dict[int, Vocabulary] = {}
        reached = ((spot, "", value) for spot, value in reached_from(None, objects))
        for spot, function, value in (*reached, *self._held):
            kind = "dict" if isinstance(value, dict) else "list"
            if not isinstance(value, _KINDS) or id(value) in known or len(known) >= _MOST:
                continue
            if kind == "list" and not is_searched(spot.file, spot.name):
                continue
            if (numbers := _numbers(value)) and (
                place := filling_statement(spot.file, spot.name, function)
            ):
                known[id(value)] = vocabulary(place, spot.name, kind, list(numbers.items()))
        yield from known.values()


def _numbers(held: Any) -> dict[str, int] | None:
    """The numbers of texts, if a dict or a list numbers them in the order in which they came in."""
    if not _SMALLEST <= len(held) <= _LARGEST or not all(isinstance(key, str) for key in held):
        return None
    if not isinstance(held, dict):
        numbered = {key: number for number, key in enumerate(held)}
        return numbered if len(numbered) == len(held) else None
    numbers = list(held.values())
    first = numbers[0]
    in_order = (
        type(first) is int
        and 0 <= first < _LATEST_FIRST
        and all(type(each) is int and each == number for number, each in enumerate(numbers, first))
    )
    return held if in_order else None


def _exported(handle: Any) -> tuple[Any, ...]:
    """Keys and values of a table that was filled from a file; empty for one of unusual types."""
    for keys, values in _FILE_TYPES if not tf.is_symbolic_tensor(handle) else ():
        try:
            return tuple(
                tf.raw_ops.LookupTableExportV2(table_handle=handle, Tkeys=keys, Tvalues=values)
            )
        except tf.errors.InvalidArgumentError:
            continue
    return ()


def _tokens(keys: Any = None, values: Any = None) -> Tokens:
    """The tokens of a table with their numbers, whichever of them are its keys."""
    if keys is None or any(tf.is_symbolic_tensor(each) for each in (keys, values)):
        return []
    if keys.dtype.is_integer and values.dtype == tf.string:
        keys, values = values, keys
    text = keys.dtype == tf.string or keys.dtype.is_integer
    if not text or not values.dtype.is_integer or tf.size(keys) > _LARGEST:
        return []
    texts = (
        each.decode(errors="replace") if isinstance(each, bytes) else str(each)
        for each in keys.numpy().ravel().tolist()
    )
    return list(zip(texts, values.numpy().ravel().tolist(), strict=True))


def vocabulary(place: SourceLine, name: str, kind: str, tokens: Tokens) -> Vocabulary:
    """A vocabulary with some of its tokens: those of the smallest numbers and checksums."""
    first = heapq.nsmallest(_KEPT, tokens, key=lambda each: each[1])
    some = heapq.nsmallest(_KEPT, tokens, key=lambda each: zlib.crc32(each[0].encode()))
    checksum = sum(zlib.crc32(token.encode()) for token, _ in tokens)
    kept = sorted({(token[:_LONGEST], number) for token, number in (*first, *some)}, key=_by_number)
    return Vocabulary(place, name, kind, len(tokens), tuple(kept), checksum)


def _by_number(token: tuple[str, int]) -> tuple[int, str]:
    return token[1], token[0]
