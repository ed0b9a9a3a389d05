"""A value as it is compared between replicas, workers and runs."""

from __future__ import annotations

import numpy
import pytest

from testbed.worker.watching.data.summary import WHOLE, summary


def test_a_small_value_is_kept_as_a_whole() -> None:
    """As it stands in a record."""
    assert summary(numpy.array([[1.0, 2.0]])) == [[1.0, 2.0]]
    assert summary(3) == 3
    assert summary(float("nan")) == "nan"


def test_a_large_value_is_kept_as_three_figures() -> None:
    """Mean, norm and a mixture that shows a change of order."""
    ordered = numpy.arange(WHOLE + 1, dtype=numpy.float32)
    mean, norm, mixture = summary(ordered)
    assert mean == WHOLE / 2
    assert norm == pytest.approx(float(numpy.sqrt((ordered**2).sum())))
    turned = summary(ordered[::-1])
    assert turned[:2] == [pytest.approx(mean), pytest.approx(norm)]
    assert turned[2] != pytest.approx(mixture)


def test_how_much_is_kept_as_a_whole_can_be_given() -> None:
    """Between steps less is kept."""
    assert summary(numpy.ones(4), whole=4) == [1.0] * 4
    assert summary(numpy.ones(5), whole=4)[:1] == [1.0]
    assert len(summary(numpy.ones(5), whole=4)) == 3
