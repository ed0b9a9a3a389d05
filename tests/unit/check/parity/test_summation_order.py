"""Sums in another order, as atomic additions on GPUs make them, are no finding and no symptom."""

from __future__ import annotations

from typing import Any

import numpy
import pytest

from testbed.check.parity.first_steps import Update
from testbed.check.parity.ratios import ratio_of
from testbed.cluster.cluster import Cluster
from testbed.verdict.diagnosis import diagnose
from testbed.verdict.reading import Claim, ClaimReading
from tests.unit.builders import mirrored_of, report_of

ROWS = 64


def summed(terms: Any, order: Any) -> Any:
    """The sums of the columns in float32, one addition after another."""
    total = numpy.zeros(terms.shape[1], numpy.float32)
    for row in terms[order.permutation(len(terms))]:
        total += row
    return total


def terms(count: int, order: Any) -> Any:
    """Gradients of a batch: each example adds to each row, with either sign."""
    return order.standard_normal((count, ROWS)).astype(numpy.float32)


def update_of(delta: Any) -> Update:
    return Update(0, "", (0.0,) * ROWS, tuple(map(float, delta)), 0.0)


@pytest.mark.parametrize("count", [32, 4096])
def test_an_update_that_is_summed_in_another_order_is_the_same(count: int) -> None:
    """Parity allows 2e-3 of an update's length; the order of float32 additions makes far less."""
    order = numpy.random.default_rng(7)
    gradients = terms(count, order)
    first, second = summed(gradients, order), summed(gradients, order)
    assert (first != second).any(), "the orders make no difference, so that this shows nothing"
    assert numpy.linalg.norm(first - second) < 1e-5 * numpy.linalg.norm(first)
    ratio = ratio_of("weight", update_of(first), update_of(second))
    assert ratio
    assert ratio.is_near(1)
    twice = ratio_of("weight", update_of(2 * first), update_of(second))
    assert twice
    assert not twice.is_near(1)


def test_a_claimed_sum_in_another_order_holds() -> None:
    """A claim allows 1e-5 of the value."""
    order = numpy.random.default_rng(7)
    losses = numpy.abs(terms(256, order))
    sums = {float(summed(losses, order)[0]) for _ in range(20)}
    assert len(sums) > 1, "the orders make no difference, so that this shows nothing"
    claim = Claim(value=float(losses[:, 0].sum(dtype=numpy.float64)))
    for value in sums:
        seen = ClaimReading(claim, mirrored_of(value, value))
        assert diagnose([report_of(seen, replicas=2)], Cluster(1, 2)) is None
