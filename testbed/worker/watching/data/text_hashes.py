"""Observes numbers that the program computes from `hash` of texts, and whether they become data."""

from __future__ import annotations

import ast
import functools
import math
import os
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from types import FrameType
from typing import Any

import numpy
import tensorflow as tf

from testbed.check.observations.seen import SourceLine
from testbed.check.observations.vocabulary import Vocabulary
from testbed.worker.watching.data.batches import components, leaves_of
from testbed.worker.watching.data.vocabularies import vocabulary
from testbed.worker.watching.python_state.statements import tree_of

_SOURCES = ("TensorSliceDataset", "TensorDataset")
_ARITHMETIC = (ast.Mod, ast.BitAnd, ast.Add, ast.Sub, ast.Mult, ast.BitXor, ast.RShift)
_RANGES = (ast.Mod, ast.BitAnd)
# The lines, the calls of each, and the inputs of steps that are looked at.
_LINES = 20
_CALLS = 5000
_INPUTS = 50
# A larger tensor is compared in part.
_ELEMENTS = 2**13
# A match has this probability at most, if all numbers are equally likely: 2**-_BITS.
_BITS = 24


def salt_of(worker: int) -> int | None:
    """A number that makes hashes of texts differ from those of other workers; 0 for worker 0.

    Python starts each process with another salt; forked workers would share that of their server.
    None where PYTHONHASHSEED gives all processes the same salt.
    """
    if os.environ.get("PYTHONHASHSEED", "random") != "random":
        return None
    return zlib.crc32(b"%d" % worker) * 0x1000193 if worker else 0


@dataclass
class _Line:
    """A line that computes a number in a fixed range from the hash of a text."""

    place: SourceLine
    expression: ast.expr
    range: int
    """How many different numbers there may be."""
    numbers: dict[str, int] = field(default_factory=dict)
    """The number of each text."""
    order: list[int] = field(default_factory=list)
    """The number of each call."""
    is_data: bool = False

    def find_in(self, array: Any) -> None:
        """Look for these numbers in data: as elements in this order, or as columns."""
        if array.ndim > 1 and array.shape[-1] == self.range:
            rows = array.reshape(-1, self.range)[: max(1, _ELEMENTS // self.range)]
            columns = numpy.flatnonzero(rows.any(axis=0))
            self.is_data |= self._are_mine(columns)
        if array.dtype.kind in "iu":
            flat = array.ravel()[:_ELEMENTS]
            flat = flat[flat != 0].tolist()
            self.is_data |= self._is_sequence(flat) or self._are_mine(set(flat))

    def _are_mine(self, numbers: Any) -> bool:
        """Whether only these numbers occur, and too many for a coincidence."""
        mine = set(self.numbers.values())
        odds = math.log2(self.range / len(mine)) if self.range > len(mine) else 0.0
        return len(numbers) * odds >= _BITS and mine.issuperset(map(int, numbers))

    def _is_sequence(self, elements: list[int]) -> bool:
        length = max(4, math.ceil(_BITS / math.log2(self.range)))
        mine = [number for number in self.order if number]
        shorter, longer = sorted((elements, mine), key=len)
        return len(shorter) >= length and _text(shorter[:length]) in _text(longer)


class TextHashes:
    """Observes calls of `hash`, sources of datasets and arguments of steps."""

    def __init__(self) -> None:
        self._lines: dict[tuple[str, int], _Line | None] = {}
        self._inputs = 0

    def hashed(self, frame: FrameType, text: Any, value: int) -> None:
        """Record that a line of the user's code computes the hash of a text."""
        key = frame.f_code.co_filename, frame.f_lineno
        if key not in self._lines and len(self._lines) < _LINES:
            self._lines[key] = _line(frame)
        line = self._lines.get(key)
        if line is not None and len(line.order) < _CALLS:
            number = _value(line.expression, frame, value)
            if number is not None:
                line.numbers.setdefault(str(text), number)
                line.order.append(number)

    def operation(self, kind: str, inputs: Any) -> None:
        """Look at the tensors of which a dataset is made."""
        if kind in _SOURCES and self._lines:
            self._look_at(inputs)

    def given(self, arguments: Any) -> None:
        """Look at the arguments of a step."""
        if self._lines and self._inputs < _INPUTS:
            self._inputs += 1
            self._look_at(leaves_of(arguments))

    def seen(self) -> Iterator[Vocabulary]:
        """The lines whose numbers become data."""
        for line in self._lines.values():
            if line is not None and line.is_data:
                name = ast.unparse(line.expression)
                yield vocabulary(line.place, name, "hash", list(line.numbers.items()))

    def _look_at(self, leaves: Any) -> None:
        for each in (each for leaf in leaves for each in components(leaf)):
            if not tf.is_symbolic_tensor(each) and each.dtype in _NUMBERS:
                array = numpy.asarray(each)
                for line in self._lines.values():
                    if line is not None and not line.is_data and line.order and array.size:
                        line.find_in(array)


_NUMBERS = (tf.int32, tf.int64, tf.float32, tf.float64, tf.int16, tf.uint8)


def _text(numbers: list[int]) -> str:
    return f",{','.join(map(str, numbers))},"


def _line(frame: FrameType) -> _Line | None:
    """The line of a frame; None if it keeps the hash, or has several of them."""
    file, number = frame.f_code.co_filename, frame.f_lineno
    expressions = _expressions(file).get(number, [])
    if len(expressions) != 1:
        return None
    found = (
        _limit(each, frame)
        for each in ast.walk(expressions[0])
        if isinstance(each, ast.BinOp) and isinstance(each.op, _RANGES)
    )
    limit = next((each for each in found if each), 0)
    place = SourceLine(file, number, frame.f_code.co_name)
    return _Line(place, expressions[0], limit) if limit > 1 else None


def _limit(node: ast.BinOp, frame: FrameType) -> int:
    right = _value(node.right, frame, 0)
    return (right or 0) + isinstance(node.op, ast.BitAnd)


@functools.cache
def _expressions(file: str) -> dict[int, list[ast.expr]]:
    """The arithmetic around each call of `hash`, by the line of the call."""
    found: dict[int, list[ast.expr]] = {}

    def visit(node: ast.AST, outermost: ast.expr | None) -> None:
        around = outermost or (node if isinstance(node, ast.expr) else None)
        if _is_hash(node):
            assert isinstance(node, ast.Call)
            found.setdefault(node.lineno, []).append(outermost or node)
        inner = around if isinstance(node, ast.BinOp) or _is_call(node, "abs", "int") else None
        for each in ast.iter_child_nodes(node):
            visit(each, inner)

    if tree := tree_of(file):
        visit(tree, None)
    return found


def _is_call(node: ast.AST, *names: str) -> bool:
    is_named = isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
    return is_named and node.func.id in names and len(node.args) == 1  # type: ignore[attr-defined]


def _is_hash(node: ast.AST) -> bool:
    return _is_call(node, "hash")


def _value(node: ast.expr, frame: FrameType, hashed: int) -> int | None:
    """The value of an expression, where `hash(...)` is `hashed`; None if it is unknown."""
    if _is_hash(node):
        return hashed
    if isinstance(node, ast.Call) and _is_call(node, "abs", "int"):
        value = _value(node.args[0], frame, hashed)
        return None if value is None else abs(value) if _is_call(node, "abs") else value
    if isinstance(node, ast.BinOp) and isinstance(node.op, _ARITHMETIC):
        left, right = (_value(each, frame, hashed) for each in (node.left, node.right))
        return None if left is None or right is None else _computed(node.op, left, right)
    held = _held(node, frame)
    return held if type(held) is int else None


def _computed(operation: ast.operator, left: int, right: int) -> int | None:
    match operation:
        case ast.Mod():
            return left % right if right else None
        case ast.BitAnd():
            return left & right
        case ast.Add():
            return left + right
        case ast.Sub():
            return left - right
        case ast.Mult():
            return left * right
        case ast.BitXor():
            return left ^ right
        case _:
            return left >> right if 0 <= right < 64 else None


def _held(node: ast.expr, frame: FrameType) -> Any:
    """The value of a constant, a name or an attribute, without running the user's code."""
    if isinstance(node, ast.Constant):
        return node.value
    if isinstance(node, ast.Name):
        return frame.f_locals.get(node.id, frame.f_globals.get(node.id))
    if isinstance(node, ast.Attribute):
        held = _held(node.value, frame)
        values = getattr(held, "__dict__", {})
        return values.get(node.attr, getattr(type(held), "__dict__", {}).get(node.attr))
    return None
