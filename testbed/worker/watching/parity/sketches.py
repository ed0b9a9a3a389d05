"""Sketches of variables: few numbers that are linear in the elements, for comparing updates."""

from __future__ import annotations

from typing import Any

import numpy

from testbed.check.parity.first_steps import Sketch

# The most numbers of a sketch.
_LENGTH = 64
# The digits of each number, more than float32 has.
_DIGITS = 9
# The most elements of a variable that its sketch covers, at equal distances.
_ELEMENTS = 2**16
_GOLDEN = 0.6180339887498949
_EPSILON = float(numpy.finfo(numpy.float32).eps)


def elements_of(value: Any) -> Any:
    """A flat copy of the elements that a sketch covers, as float64; None if they are no numbers."""
    array = numpy.asarray(value)
    if array.dtype.kind not in "fiu" and array.dtype.name != "bfloat16":
        return None
    flat = array.reshape(-1)
    return flat[:: max(1, -(-flat.size // _ELEMENTS))].astype(numpy.float64)


def sketch(elements: Any) -> Sketch:
    """The sketch of some elements: themselves, or weighted sums of consecutive ones.

    The weights differ, so that the order of the elements counts.
    """
    if elements.size > _LENGTH:
        weights = 0.5 + (numpy.arange(elements.size) * _GOLDEN) % 1.0
        starts = numpy.linspace(0, elements.size, _LENGTH, endpoint=False).astype(int)
        elements = numpy.add.reduceat(elements * weights, starts)
    return tuple(float(f"{each:.{_DIGITS}g}") for each in elements)


def rounding_of(before: Any, after: Any) -> float:
    """The norm of the error in `after - before` that float32 alone may cause."""
    return float(numpy.linalg.norm(numpy.maximum(abs(before), abs(after)))) * _EPSILON
