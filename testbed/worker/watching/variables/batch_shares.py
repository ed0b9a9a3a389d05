"""Finds out whether a tensor of a replica is a mean of its share of the batch, and not a sum."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy
import tensorflow as tf

# The most operations of a graph that are searched.
_LOOKED_AT = 200

_UNCHANGED = ("Identity", "StopGradient", "Cast", "Neg", "Abs", "Reshape", "Squeeze", "ExpandDims")
_SUMS = ("AddV2", "Add", "Sub")
_QUOTIENTS = ("RealDiv", "DivNoNan")
_SOURCES = ("Placeholder", "IteratorGetNext")
# Operations whose result for one example depends on this example only.
_OF_EACH_EXAMPLE = (
    *("Equal", "NotEqual", "Greater", "GreaterEqual", "Less", "LessEqual", "LogicalAnd"),
    *("LogicalOr", "LogicalNot", "Maximum", "Minimum", "SquaredDifference", "Square", "Sqrt"),
    *("BiasAdd", "Relu", "Sigmoid", "Tanh", "Exp", "Log", "Log1p", "Softmax", "Round", "Sign"),
    *("MatMul", "Conv2D", "MaxPool", "AvgPool", "Elu", "Selu", "LeakyRelu", "Softplus", "Erf"),
    *("LogSoftmax", "SoftmaxCrossEntropyWithLogits", "SparseSoftmaxCrossEntropyWithLogits"),
    *("ArgMax", "OneHot", "StridedSlice", "ConcatV2", "Pow", "Floor"),
)


class _Share(NamedTuple):
    """How a tensor depends on the number of examples of the replica."""

    degree: int | None
    """0: not at all, as a mean; 1: proportionally, as a sum; None: a constant."""
    is_mean: bool = False
    """Whether it was computed by averaging over the examples."""
    times: bool = False
    """`times`, `divided`: whether it contains the number of replicas as a factor or divisor."""
    divided: bool = False


class _UnknownShareError(Exception):
    """An operation of which the analysis knows nothing."""


class BatchShares:
    """Analyses the tensors of one trace.

    Args:
        replicas: the number of replicas in sync.
        read: returns for the handle of a variable whether it sums up over the replicas; None if its
            reading tells nothing.
    """

    def __init__(self, replicas: int, read: Callable[[Any], bool | None]) -> None:
        self._replicas = replicas
        self._read = read
        self._known: dict[int, _Share] = {}

    def is_mean(self, tensor: Any) -> bool:
        """Whether a tensor of a graph is certainly a mean or a ratio, not scaled for a sum."""
        if not tf.is_symbolic_tensor(tensor):
            return False
        try:
            share = self._share(tensor)
        except _UnknownShareError:
            return False
        return share.degree == 0 and share.is_mean and not share.divided

    def _share(self, tensor: Any) -> _Share:
        if id(tensor) not in self._known:
            if len(self._known) >= _LOOKED_AT:
                raise _UnknownShareError
            constant = tf.get_static_value(tensor)
            self._known[id(tensor)] = (
                self._computed(tensor) if constant is None else self._constant(constant)
            )
        return self._known[id(tensor)]

    def _constant(self, value: Any) -> _Share:
        is_number = numpy.size(value) == 1 and numpy.issubdtype(
            numpy.asarray(value).dtype, numpy.number
        )
        number = float(numpy.ravel(value)[0]) if is_number else 0.0
        inverse = abs(number * self._replicas - 1.0) < 1e-6
        return _Share(None, times=number == self._replicas, divided=inverse)

    def _computed(self, tensor: Any) -> _Share:
        operation, kind = tensor.op, tensor.op.type
        if kind in _SOURCES:
            if not tensor.shape.rank:
                raise _UnknownShareError
            return _Share(0)
        if kind == "ReadVariableOp":
            sums = self._read(operation.inputs[0])
            if sums is None:
                raise _UnknownShareError
            return _Share(int(sums))
        if kind == "Size" or (kind == "StridedSlice" and operation.inputs[0].op.type == "Shape"):
            return _Share(1)
        if kind in _UNCHANGED:
            return self._share(operation.inputs[0])
        if kind == "MatMul" and operation.get_attr("transpose_a"):
            # This sums over the examples.
            raise _UnknownShareError
        if kind in ("Mean", "Sum"):
            return self._reduced(kind, *operation.inputs)
        return _combined(kind, [self._share(each) for each in operation.inputs])

    def _reduced(self, kind: str, values: Any, axes: Any) -> _Share:
        inner, reduced = self._share(values), tf.get_static_value(axes)
        if reduced is None or values.shape.rank is None:
            raise _UnknownShareError
        whole = 0 in numpy.ravel(reduced) or -values.shape.rank in numpy.ravel(reduced)
        if not whole or inner.degree != 0 or inner.is_mean:
            return inner
        return inner._replace(is_mean=True) if kind == "Mean" else inner._replace(degree=1)


def _combined(kind: str, shares: list[_Share]) -> _Share:
    """The share of the result of an operation on several values."""
    degrees = {share.degree for share in shares} - {None}
    is_mean = any(share.is_mean for share in shares)
    # A constant scales only what it multiplies or divides.
    scaling = [each for each in shares if kind == "Mul" or each.degree is not None]
    times, divided = (any(getattr(each, name) for each in scaling) for name in _Share._fields[2:])
    if kind in _SUMS and len(degrees) <= 1:
        return _Share(degrees.pop() if degrees else None, is_mean, times, divided)
    if kind == "Mul":
        known = [share.degree for share in shares if share.degree is not None]
        return _Share(sum(known) if known else None, is_mean, times, divided)
    if kind in _QUOTIENTS:
        above, below = shares
        if above.degree is None and below.degree is None:
            return _Share(None)
        cancelled = above.degree == below.degree and bool(above.degree)
        return _Share(
            (above.degree or 0) - (below.degree or 0),
            is_mean or cancelled,
            above.times or below.divided,
            above.divided or below.times,
        )
    if kind in _OF_EACH_EXAMPLE and degrees <= {0}:
        return _Share(0, is_mean, times, divided)
    raise _UnknownShareError
