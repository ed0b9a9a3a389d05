"""Finds out how a tensor of a replica depends on its share of the batch, eagerly and in traces."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy
import tensorflow as tf

from testbed.worker.probes import captured_from
from testbed.worker.watching.data.batches import WeakTensorMap, components, leaves_of
from testbed.worker.watching.variables.share_algebra import (
    COMBINED,
    CONSTANT,
    Share,
    UnknownShareError,
    combined,
    constant,
    reduced,
)

# The most operations of a graph that are searched.
_LOOKED_AT = 200
# The most eager steps that are analysed; later ones show nothing new.
_STEPS = 16

_SOURCES = ("Placeholder", "IteratorGetNext")
_CONSTANTS = ("ZerosLike", "OnesLike")
_REDUCTIONS = ("Mean", "Sum", "Max", "Min")


class ReadVariable(NamedTuple):
    """The variable that an operation reads."""

    number: int
    sums_up: bool
    """Whether its copies are summed up when it is read outside of replicas."""


class BatchShares:
    """Analyses tensors: those of traces when asked, eager ones while they are computed.

    Args:
        read: returns the variable of a handle; None if it is unknown.
    """

    def __init__(self, read: Callable[[Any], ReadVariable | None]) -> None:
        self._steps = 0
        self._read = read
        # None: computed by operations of which nothing is known.
        self._eager: WeakTensorMap[Share | None] = WeakTensorMap()

    @property
    def is_recording(self) -> bool:
        """Whether eager tensors are analysed: in the first steps of which `given` gets to know."""
        return 0 < self._steps <= _STEPS

    def given(self, arguments: Any) -> None:
        """Record the arguments of replicas: tensors of several elements are batches."""
        self._steps += 1
        for each in (each for leaf in leaves_of(arguments) for each in components(leaf)):
            if isinstance(each, tf.Tensor) and not tf.is_symbolic_tensor(each) and each.shape.rank:
                self._eager.put(each, Share(0))

    def computed(self, kind: str, inputs: Any, outputs: Any) -> None:
        """Record an operation that a replica ran eagerly."""
        for output in outputs:
            try:
                share = self._made(kind, inputs, output, self._of_eager)
            except UnknownShareError:
                self._eager.put(output, None)
            else:
                if share.degree is not None:
                    self._eager.put(output, share)

    def kind(self, tensor: Any, own: int) -> str:
        """What is certainly assigned to a variable that sums up: a mean, say, not scaled for a sum.

        Args:
            tensor: the assigned value.
            own: the number of the variable. A value computed from its old one is not known, but for
                the larger or smaller of it and another value.

        Returns:
            `mean`, `ratio`, `maximum`, `minimum` or `constant`; empty if it is another or unknown.
        """
        try:
            share = self._of_graph(tensor, {})
        except UnknownShareError:
            return ""
        if share.degree is None:
            return CONSTANT
        return share.kind if share.degree == 0 and not (share.divided or own in share.sums) else ""

    def _of_graph(self, tensor: Any, known: dict[int, Share]) -> Share:
        if tf.is_symbolic_tensor(tensor) and tensor.op.type == "Placeholder":
            tensor = captured_from(tensor)
        if not tf.is_symbolic_tensor(tensor):
            return self._of_eager(tensor)
        if id(tensor) not in known:
            if len(known) >= _LOOKED_AT:
                raise UnknownShareError
            value = tf.get_static_value(tensor)
            operation = tensor.op
            known[id(tensor)] = (
                constant(value, _replicas())
                if value is not None
                else self._made(
                    operation.type,
                    operation.inputs,
                    tensor,
                    lambda each: self._of_graph(each, known),
                )
            )
        return known[id(tensor)]

    def _of_eager(self, tensor: Any) -> Share:
        if tensor in self._eager:
            share = self._eager.get(tensor)
            if share is None:
                raise UnknownShareError
            return share
        if tensor.shape.rank or not (tensor.dtype.is_floating or tensor.dtype.is_integer):
            return Share(None)
        return constant(tensor.numpy(), _replicas())

    def _made(self, kind: str, inputs: Any, output: Any, share_of: Callable[[Any], Share]) -> Share:
        """The share of the result of an operation."""
        if kind in _SOURCES:
            if not output.shape.rank:
                raise UnknownShareError
            return Share(0)
        if kind == "ReadVariableOp":
            read = self._read(inputs[0])
            if read is None:
                raise UnknownShareError
            sums = frozenset([read.number] if read.sums_up else [])
            return Share(int(read.sums_up), variable=read.number, sums=sums)
        if kind == "Size" or _is_size(kind, inputs):
            return Share(1)
        if kind in _CONSTANTS:
            return Share(None)
        if kind == "MatMul" and not _keeps_examples(inputs[0], output):
            raise UnknownShareError
        if kind in _REDUCTIONS:
            return reduced(kind, share_of(inputs[0]), over_examples=_is_over_examples(*inputs))
        if kind not in COMBINED:
            raise UnknownShareError
        return combined(kind, [share_of(each) for each in inputs])


def _replicas() -> int:
    return int(tf.distribute.get_strategy().num_replicas_in_sync)


def _is_size(kind: str, inputs: Any) -> bool:
    """Whether an operation takes the first entry of a shape."""
    if kind != "StridedSlice" or not tf.is_symbolic_tensor(inputs[0]):
        return False
    begin = tf.get_static_value(inputs[1])
    return inputs[0].op.type == "Shape" and begin is not None and list(begin) == [0]


def _keeps_examples(first: Any, product: Any) -> bool:
    """Whether a product of matrices has a row for each of the first one; false in doubt."""
    rows, columns = first.shape.as_list() if first.shape.rank == 2 else (None, None)
    if tf.is_symbolic_tensor(product):
        return not bool(product.op.get_attr("transpose_a"))
    return bool(rows == product.shape[0] and rows != columns)


def _is_over_examples(values: Any, axes: Any) -> bool:
    """Whether a reduction is along the first axis."""
    known = tf.get_static_value(axes)
    if known is None or values.shape.rank is None:
        raise UnknownShareError
    return bool(numpy.isin([0, -values.shape.rank], known).any())
