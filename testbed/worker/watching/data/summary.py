"""Summarizes a value, so that it can be compared between replicas, workers and runs."""

from __future__ import annotations

from typing import Any

import numpy

from testbed.worker.probes import encode

# A value with more elements becomes a few figures, which are close if the elements are close.
WHOLE = 64


def summary(value: Any, whole: int = WHOLE) -> Any:
    """A small value as a whole; mean, norm and a weighted sum of a large one.

    The sum has another weight for each element, so that it shows a change of their order.

    Args:
        value: an array, or a value that numpy converts to one.
        whole: the most elements of a small value.
    """
    array = numpy.asarray(value)
    if array.size <= whole or array.dtype.kind not in "fiu":
        return encode(array)
    flat = array.astype(numpy.float64).ravel()
    weights = numpy.cos(numpy.arange(flat.size))
    return encode([flat.mean(), float(numpy.linalg.norm(flat)), float(flat @ weights)])
