"""Finds the values that are added to variables, and whether they depend on data."""

from __future__ import annotations

from collections import OrderedDict
from typing import Any, NamedTuple

import numpy
import tensorflow as tf

from testbed.check.observations.operations import ADDING, READING, SAME
from testbed.worker.probes import captured_from, encode

_READ = READING[0]
_SUMS = {"AddV2": ADDING[0], "Add": ADDING[0], "Sub": ADDING[1]}
_SAME_VALUE = ("Identity", "StopGradient")
# The most elements of an added constant that are reported.
_REPORTED = 64
# The most operations of a graph that are searched.
_LOOKED_AT = 200
# The number of values last computed eagerly that are kept, because they may be assigned.
_RECENT = 8


class AddedValue(NamedTuple):
    """The value that an assignment adds."""

    operation: str
    """The assigning operation that would add or subtract it directly."""
    value: Any


class AddedValues:
    """Finds assignments that add: the assigned value is the variable's value plus another."""

    def __init__(self) -> None:
        # The tensors are kept alive, so that their ids stay unique.
        self._reads: OrderedDict[int, tuple[Any, Any]] = OrderedDict()
        self._sums: OrderedDict[int, tuple[Any, Any, AddedValue]] = OrderedDict()

    def computed(self, kind: str, inputs: Any, outputs: Any) -> None:
        """Record an operation that ran eagerly."""
        if kind == _READ:
            _remember(self._reads, id(outputs[0]), (outputs[0], inputs[0]))
        elif kind in _SUMS:
            for own, other in _pairs(kind, inputs):
                if id(own) in self._reads:
                    handle = self._reads[id(own)][1]
                    added = AddedValue(_SUMS[kind], other)
                    _remember(self._sums, id(outputs[0]), (outputs[0], handle, added))

    def added_by(self, value: Any, handle: Any) -> AddedValue | None:
        """The value added by assigning `value` to the variable of this handle; None if none is."""
        if not tf.is_symbolic_tensor(value):
            _, own, added = self._sums.get(id(value), (None, None, None))
            return added if own is handle else None
        operation = _origin(value).op
        for own, other in _pairs(operation.type, operation.inputs):
            read = _origin(own).op
            if read.type == _READ and captured_from(read.inputs[0]) is captured_from(handle):
                return AddedValue(_SUMS[operation.type], other)
        return None


def constant(tensor: Any) -> Any:
    """The value of a tensor that depends on no data; SAME if it is constant, but not known."""
    value = tf.get_static_value(tensor)
    if value is not None:
        return encode(value) if numpy.size(value) <= _REPORTED else SAME
    return SAME if tf.is_symbolic_tensor(tensor) and _is_of_constants(tensor) else None


def depends_on(tensor: Any, handle: Any) -> bool | None:
    """Whether a tensor of a graph is computed from a variable's value; None if unknown."""
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
    """Pairs of the operand that may be the variable's value, and the operand added to it."""
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
    """Whether a tensor of a graph is computed from constants only."""
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
