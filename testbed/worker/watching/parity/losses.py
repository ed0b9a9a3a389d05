"""Finds the lines that compute the value whose gradients train variables."""

from __future__ import annotations

import linecache
import re
from typing import Any, NamedTuple

import tensorflow as tf

from testbed.check.observations.seen import SourceLine
from testbed.check.parity.first_steps import Loss
from testbed.worker.watching.data.batches import WeakTensorMap
from testbed.worker.watching.stack import author_place

_REDUCING = ("Mean", "Sum")
_DIVIDING = ("RealDiv", "Div", "DivNoNan")
_SIZES = ("Shape", "Size")
# Operations that know more than one replica, or nothing.
_BEYOND = ("AddN", "CollectiveReduceV2", "CollectiveReduceV3", "NcclAllReduce", "Placeholder")
# The most operations that are searched from a divisor.
_OF_DIVISOR = 20
_ADDING = ("AddV2", "Add", "AddN", "Sub")
# The most operations that are searched from a loss, and the most lines that are kept.
_LOOKED_AT = 60
_LINES = 20
# Operations that only the forward pass of a model has: a loss is computed after them.
_FORWARD = ("MatMul", "BatchMatMulV2", "Conv2D", "BiasAdd", "GatherV2", "ResourceGather")
# Operations by which functions like tf.clip_by_norm limit gradients, and calls of such functions;
# the operations alone may be those of any other one.
_LIMITING = ("Minimum", "Maximum", "ClipByValue", "L2Loss", "Rsqrt", "Sqrt")
_LIMIT = re.compile(r"\b\w*(clip|norm)\w*\(")
# The same for statistics over the elements of a batch; tf.nn.moments squares in TensorFlow 2.23.
_SUMMARIZING = ("SquaredDifference", "Square", "Sqrt")
_STATISTIC = re.compile(r"\b(\w*moments|reduce_std|reduce_variance)\(")


class _Computed(NamedTuple):
    """The operation that computed a tensor, and its line."""

    kind: str
    place: SourceLine | None
    inputs: tuple[Any, ...]


class Losses:
    """Follows scalars of replica functions, and finds those that are differentiated."""

    def __init__(self) -> None:
        self._computed: WeakTensorMap[_Computed] = WeakTensorMap()
        self._found: dict[Loss, None] = {}
        self._limits: dict[SourceLine, None] = {}
        # The replicas that have computed gradients in the current step.
        self._with_gradients: set[int | None] = set()

    def step_begins(self) -> None:
        """A step begins, which has no gradients yet."""
        self._with_gradients.clear()

    def computed(self, kind: str, inputs: Any, outputs: Any, replica: int) -> None:
        """Record an operation of a replica."""
        if kind in _LIMITING and replica in self._with_gradients:
            self._limiting(_LIMIT)
        if kind in _SUMMARIZING:
            self._limiting(_STATISTIC)
        if not outputs or not outputs[0].dtype.is_floating:
            return
        # The numbers of an eager step are many, and its line is known from the scalars.
        if outputs[0].shape.rank == 0 or tf.is_symbolic_tensor(outputs[0]):
            self._computed.put(outputs[0], _Computed(kind, author_place().place, tuple(inputs)))

    def differentiated(self, target: Any, variables: tuple[int, ...], replica: int | None) -> None:
        """Record a value whose gradients are computed, for the variables with these numbers."""
        self._with_gradients.add(replica)
        for leaf in tf.nest.flatten(target):
            if variables and len(self._found) < _LINES:
                self._found.setdefault(self._loss(leaf, variables))

    def seen(self) -> tuple[Loss, ...]:
        """The lines of all losses, each once."""
        return tuple(self._found)

    def limits(self) -> tuple[SourceLine, ...]:
        """The lines that limit gradients or normalise values, each once."""
        return tuple(self._limits)

    def _loss(self, target: Any, variables: tuple[int, ...]) -> Loss:
        """The lines of a loss: where it is reduced, where it is last changed, and what it adds.

        Searches from the target backwards: what scales the loss comes after its reduction.
        """
        waiting, searched, adds, by_size = [target], set[int](), None, False
        last: SourceLine | None = None
        while waiting and len(searched) < _LOOKED_AT:
            tensor = waiting.pop(0)
            each = self._computed.get(tensor)
            if each is None or id(tensor) in searched or each.kind in _FORWARD:
                continue
            searched.add(id(tensor))
            if each.place is not None:
                last = last or each.place
                by_size |= each.kind in _DIVIDING and _is_size(each.inputs[1])
                if each.kind in _REDUCING:
                    mean = by_size or each.kind == "Mean"
                    return Loss(each.place, variables, adds, last, mean)
                if each.kind in _ADDING:
                    adds = adds or each.place
            waiting += each.inputs
        return Loss(last, variables, adds, last)

    def _limiting(self, call: re.Pattern[str]) -> None:
        place, libraries, _ = author_place()
        if place is None or libraries or len(self._limits) >= _LINES:
            return
        if call.search(linecache.getline(place.file, place.line)):
            self._limits.setdefault(place)


def _is_size(divisor: Any) -> bool:
    """Whether a tensor of a graph is computed from the size of another one in the same replica."""
    waiting, searched = [divisor], 0
    while waiting and searched < _OF_DIVISOR:
        tensor = waiting.pop(0)
        searched += 1
        if not tf.is_symbolic_tensor(tensor) or tensor.op.type in _BEYOND:
            continue
        if tensor.op.type in _SIZES:
            return True
        waiting += tensor.op.inputs
    return False
