"""How values of a replica depend on the examples of its share: as sums, means, ratios, extremes."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy

MEAN, RATIO, CONSTANT = "mean", "ratio", "constant"
EXTREMES = {"Max": "maximum", "Min": "minimum", "Maximum": "maximum", "Minimum": "minimum"}

_UNCHANGED = ("Identity", "StopGradient", "Cast", "Reshape", "Squeeze", "ExpandDims")
_SIGNS = ("Neg", "Abs")
_SUMS = ("AddV2", "Add", "Sub")
_QUOTIENTS = ("RealDiv", "DivNoNan")
_CHOICES = ("Select", "SelectV2")
_COMPARISONS = (
    *("Equal", "NotEqual", "Greater", "GreaterEqual", "Less", "LessEqual"),
    *("IsNan", "IsFinite", "IsInf"),
)
_LOGICAL = ("LogicalAnd", "LogicalOr", "LogicalNot")
# Operations whose result for one example depends on this example only.
_OF_EACH_EXAMPLE = (
    *("SquaredDifference", "Square", "Sqrt", "Pow", "Floor", "Round", "Sign", "StridedSlice"),
    *("BiasAdd", "Relu", "Sigmoid", "Tanh", "Exp", "Log", "Log1p", "Softmax", "Erf", "ConcatV2"),
    *("MatMul", "Conv2D", "MaxPool", "AvgPool", "Elu", "Selu", "LeakyRelu", "Softplus", "ArgMax"),
    *("LogSoftmax", "SoftmaxCrossEntropyWithLogits", "SparseSoftmaxCrossEntropyWithLogits"),
    "OneHot",
)
COMBINED = frozenset(
    (*_UNCHANGED, *_SIGNS, *_SUMS, *_QUOTIENTS, "Mul", *_CHOICES, *_COMPARISONS, *_LOGICAL)
) | {*_OF_EACH_EXAMPLE, *EXTREMES}
"""The operations of which `combined` knows something."""


class UnknownShareError(Exception):
    """An operation of which the analysis knows nothing."""


@dataclass(frozen=True)
class Share:
    """How a tensor depends on the examples of the replica."""

    degree: int | None
    """0: not on their number, as a mean; 1: proportionally, as a sum; None: a constant."""
    kind: str = ""
    """`mean`, `ratio`, `maximum` or `minimum`, if it is one over the examples."""
    number: float | None = None
    """The value of a constant."""
    times: bool = False
    """`times`, `divided`: whether it contains the number of replicas as a factor or divisor."""
    divided: bool = False
    is_flag: bool = False
    """Whether it holds truth values, as numbers or not."""
    is_guard: bool = False
    """Whether it compares what is summed over the examples with a constant: is there any?"""
    variable: int | None = None
    """The number of the variable whose value it is."""
    sums: frozenset[int] = frozenset()
    """The variables that sum up over the replicas, and from which it is computed."""

    @property
    def is_over_examples(self) -> bool:
        """Whether it is one value for all examples of the replica."""
        return self.degree == 1 or bool(self.kind)


def constant(value: Any, replicas: int) -> Share:
    """The share of a value that depends on no example.

    Args:
        value: of the tensor, as NumPy knows it.
        replicas: the number of replicas in sync.
    """
    array = numpy.asarray(value)
    if array.size != 1 or array.dtype.kind not in "iuf":
        return Share(None, is_flag=array.dtype.kind == "b")
    number = float(array.reshape(-1)[0])
    inverse = math.isclose(number * replicas, 1.0, rel_tol=1e-6)
    return Share(None, number=number, times=number == replicas, divided=inverse)


def reduced(kind: str, inner: Share, *, over_examples: bool) -> Share:
    """The share of a reduction of a tensor; `over_examples`: along its first axis, too."""
    if not over_examples or inner.degree != 0 or inner.kind:
        return replace(inner, variable=None)
    if kind == "Sum":
        return replace(inner, degree=1, is_flag=False, variable=None)
    if kind == "Mean":
        return replace(inner, kind=MEAN, is_flag=False, variable=None)
    return _extreme(kind, inner)


def combined(kind: str, shares: Sequence[Share]) -> Share:
    """The share of the result of an operation on several values.

    Raises:
        UnknownShareError: nothing is known of the operation on these values.
    """
    if kind in _UNCHANGED:
        return shares[0]
    if kind in _SIGNS:
        return replace(shares[0], variable=None)
    if kind in _COMPARISONS and (guard := _guard(shares)):
        return guard
    if kind in _QUOTIENTS:
        return _quotient(*shares)
    if kind == "Mul":
        return _product(*shares)
    if kind in _CHOICES:
        return _choice(*shares)
    if kind in EXTREMES and (extreme := _pairwise(kind, *shares)):
        return extreme
    degrees = {share.degree for share in shares} - {None}
    if kind in _SUMS and len(degrees) <= 1:
        return _united(shares, degrees.pop() if degrees else None)
    of_each = kind in (*_OF_EACH_EXAMPLE, *_COMPARISONS, *_LOGICAL, *EXTREMES)
    if of_each and degrees <= {0}:
        flags = kind in _COMPARISONS or (kind in (*_LOGICAL, *EXTREMES) and _are_flags(shares))
        guards = kind in _LOGICAL and all(share.is_guard for share in shares)
        return replace(_united(shares, 0), is_flag=flags, is_guard=guards)
    raise UnknownShareError


def _united(shares: Sequence[Share], degree: int | None) -> Share:
    """What several values together depend on; a factor of all of them is one of the result."""
    scaling = [share for share in shares if share.degree is not None]
    return Share(
        degree,
        next((share.kind for share in shares if share.kind), ""),
        times=bool(scaling) and all(share.times for share in scaling),
        divided=bool(scaling) and all(share.divided for share in scaling),
        sums=frozenset[int]().union(*(share.sums for share in shares)),
    )


def _are_flags(shares: Sequence[Share]) -> bool:
    return all(share.is_flag for share in shares)


def _guard(shares: Sequence[Share]) -> Share | None:
    """A comparison of a value over all examples with a constant; None if it compares others."""
    values = [share for share in shares if share.degree is not None]
    if len(values) != 1 or not values[0].is_over_examples:
        return None
    return Share(0, is_flag=True, is_guard=True, sums=values[0].sums)


def _product(one: Share, other: Share) -> Share:
    if one.degree is None and other.degree is None:
        return Share(None)
    for share, factor in ((one, other), (other, one)):
        if factor.degree is None:
            return _scaled(share, factor.number, factor)
    return replace(
        _united((one, other), (one.degree or 0) + (other.degree or 0)),
        times=one.times or other.times,
        divided=one.divided or other.divided,
        is_flag=one.is_flag and other.is_flag,
    )


def _quotient(above: Share, below: Share) -> Share:
    if below.degree is None:
        if above.degree is None:
            return Share(None)
        inverse = 1.0 / below.number if below.number else None
        return _scaled(above, inverse, replace(below, times=below.divided, divided=below.times))
    together = _united((above, below), (above.degree or 0) - below.degree)
    cancelled = above.degree == below.degree == 1
    times, divided = above.times or below.divided, above.divided or below.times
    return replace(
        together,
        kind=RATIO if cancelled else together.kind,
        times=times and not divided,
        divided=divided and not times,
    )


def _scaled(share: Share, factor: float | None, constant: Share) -> Share:
    """A value times a constant, which may stand for this replica's part of all examples."""
    times, divided = share.times or constant.times, share.divided or constant.divided
    known = factor is not None and (divided or abs(factor) == 1.0)
    if not known and (share.kind == MEAN or (share.kind and not abs(factor or 0.0) > 1.0)):
        raise UnknownShareError
    return replace(share, times=times, divided=divided, is_flag=False, variable=None)


def _choice(condition: Share, one: Share, other: Share) -> Share:
    """One of two values, where nothing but a guard against an empty share decides."""
    if not condition.is_guard:
        raise UnknownShareError
    degrees = {one.degree, other.degree} - {None}
    if len(degrees) > 1:
        raise UnknownShareError
    chosen = _united((one, other), degrees.pop() if degrees else 0)
    return replace(chosen, sums=chosen.sums | condition.sums)


def _pairwise(kind: str, one: Share, other: Share) -> Share | None:
    """The extreme of two values, one of which may be the extreme of earlier steps."""
    for share, limit in ((one, other), (other, one)):
        if limit.degree is None and share.degree == 1:
            return replace(share, variable=None)
        if limit.variable in limit.sums and share.degree == 0:
            return _extreme(kind, share)
    return None


def _extreme(kind: str, share: Share) -> Share:
    """The extreme of a share of degree 0. Of truth values it means only `any` or `all`."""
    if share.is_flag:
        raise UnknownShareError
    return replace(share, kind=EXTREMES[kind], variable=None)
