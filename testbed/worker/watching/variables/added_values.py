"""What is added to a variable: whether it depends on any data, or on the variable itself."""

from __future__ import annotations

from collections import OrderedDict
from typing import Any, NamedTuple

import numpy
import tensorflow as tf

from testbed.check.seen import ADDING, READING, SAME
from testbed.worker.probes import captured_from, encode

_READ = READING[0]
_SUMS = {"AddV2": ADDING[0], "Add": ADDING[0], "Sub": ADDING[1]}
_SAME_VALUE = ("Identity", "StopGradient")
# Of a number that is added, the most elements that are told.
_TOLD = 64
# Of a graph, before it is taken for too large.
_LOOKED_AT = 200
# Of values that were computed eagerly, those that may still be assigned.
_RECENT = 8


class Term(NamedTuple):
    """What an assignment adds."""

    operation: str
    """That which adds, or subtracts, so."""
    value: Any


class Sums:
    """Finds assignments that add: of a variable's value and something more."""

    def __init__(self) -> None:
        # Tensors are kept for as long as their ids have to mean them.
        self._reads: OrderedDict[int, tuple[Any, Any]] = OrderedDict()
        self._sums: OrderedDict[int, tuple[Any, Any, Term]] = OrderedDict()

    def computed(self, kind: str, inputs: Any, outputs: Any) -> None:
        """An operation was run eagerly."""
        if kind == _READ:
            _remember(self._reads, id(outputs[0]), (outputs[0], inputs[0]))
        elif kind in _SUMS:
            for own, other in _pairs(kind, inputs):
                if id(own) in self._reads:
                    handle = self._reads[id(own)][1]
                    term = Term(_SUMS[kind], other)
                    _remember(self._sums, id(outputs[0]), (outputs[0], handle, term))

    def term(self, value: Any, handle: Any) -> Term | None:
        """What is added by assigning a value to the variable of this handle, if it is a sum."""
        if not tf.is_symbolic_tensor(value):
            _, own, term = self._sums.get(id(value), (None, None, None))
            return term if own is handle else None
        operation = _origin(value).op
        for own, other in _pairs(operation.type, operation.inputs):
            read = _origin(own).op
            if read.type == _READ and captured_from(read.inputs[0]) is captured_from(handle):
                return Term(_SUMS[operation.type], other)
        return None


def constant(tensor: Any) -> Any:
    """The value of a number that depends on no data, or SAME where only that is known."""
    value = tf.get_static_value(tensor)
    if value is not None:
        return encode(value) if numpy.size(value) <= _TOLD else SAME
    return SAME if tf.is_symbolic_tensor(tensor) and _is_of_constants(tensor) else None


def depends_on(tensor: Any, handle: Any) -> bool | None:
    """Whether what a graph computes begins with a variable's value; None where nobody knows."""
    if not tf.is_symbolic_tensor(tensor):
        return None
    own = captured_from(handle)
    waiting, seen = [tensor.op], set[str]()
    while waiting:
        operation = waiting.pop()
        if operation.name in seen:
            continue
        seen.add(operation.name)
        if len(seen) > _LOOKED_AT:
            return None
        if operation.type in READING and captured_from(operation.inputs[0]) is own:
            return True
        waiting += [each.op for each in operation.inputs]
    return False


def _pairs(kind: str, inputs: Any) -> list[tuple[Any, Any]]:
    """What may be the variable's value, and what is added to it."""
    if kind not in _SUMS:
        return []
    one, other = inputs
    return [(one, other)] if kind == "Sub" else [(one, other), (other, one)]


def _origin(tensor: Any) -> Any:
    while tensor.op.type in _SAME_VALUE:
        tensor = tensor.op.inputs[0]
    return tensor


def _remember(kept: OrderedDict[int, Any], key: int, value: Any) -> None:
    kept[key] = value
    while len(kept) > _RECENT:
        kept.popitem(last=False)


def _is_of_constants(tensor: Any) -> bool:
    """Whether what a graph computes begins with constants alone."""
    waiting, seen = [tensor.op], set[str]()
    while waiting and len(seen) < _LOOKED_AT:
        operation = waiting.pop()
        if operation.name in seen:
            continue
        seen.add(operation.name)
        if not operation.inputs and operation.type != "Const":
            return False
        if operation.op_def.is_stateful:
            return False
        waiting += [each.op for each in operation.inputs]
    return not waiting
