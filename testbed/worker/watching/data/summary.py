"""A value as it is compared between replicas, workers and runs."""

from __future__ import annotations

from typing import Any

import numpy

from testbed.worker.probes import encode

# A value of more elements is told by figures that stay close where its elements do.
WHOLE = 64


def summary(value: Any, whole: int = WHOLE) -> Any:
    """A value as it is compared: the whole of a small one; mean, norm and a mixture of a large one.

    The mixture weighs each element with another number, so that a change of order shows.

    Args:
        value: an array, or what becomes one.
        whole: the most elements of a small one.
    """
    array = numpy.asarray(value)
    if array.size <= whole or array.dtype.kind not in "fiu":
        return encode(array)
    flat = array.astype(numpy.float64).ravel()
    weights = numpy.cos(numpy.arange(flat.size))
    return encode([flat.mean(), float(numpy.linalg.norm(flat)), float(flat @ weights)])
