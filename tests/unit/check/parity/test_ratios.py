"""Updates by several replicas as multiples of the updates by one."""

from __future__ import annotations

import pytest

from testbed.check.parity.ratios import agree, decay_in, is_near, ratio_of
from tests.unit.check.parity.builders import WEIGHT, changed, weight


@pytest.mark.parametrize("times", [1.0, 2.0, 0.25, -1.0])
def test_a_multiple_of_every_element(times: float) -> None:
    """The factor is found, and no other one."""
    ratio = ratio_of("'weight'", weight(times), weight())
    assert ratio is not None
    assert ratio.is_near(times)
    assert not ratio.is_near(times * 1.05)


def test_sums_in_another_order_are_equal() -> None:
    """A thousandth of the update is no difference; a hundredth in another direction is one."""
    for off, proportional in ((1e-3, True), (1e-2, False)):
        other = changed(WEIGHT, (0.1 + 0.2 * off, -0.2 + 0.1 * off))
        ratio = ratio_of("'weight'", other, weight())
        assert ratio is not None
        assert (ratio.proportional, is_near(ratio.value, 1.0)) == (proportional, True)


def test_other_directions_have_no_factor() -> None:
    """An update in another direction is near to no factor."""
    ratio = ratio_of("'weight'", changed(WEIGHT, (0.2, 0.1)), weight())
    assert ratio is not None
    assert not ratio.proportional
    assert not ratio.is_near(ratio.value)


def test_rounding_is_no_update() -> None:
    """Updates that rounding alone may cause say nothing; one significant one is enough."""
    tiny = weight(1e-6)
    assert ratio_of("'weight'", tiny, tiny) is None
    ratio = ratio_of("'weight'", tiny, weight())
    assert ratio is not None
    assert ratio.value == pytest.approx(1e-6)


def test_rounding_excuses_a_small_difference() -> None:
    """The larger the values are, the less their updates have to agree."""
    rough = changed(WEIGHT, (0.1, -0.21))
    for rounding, proportional in ((1e-7, False), (4e-3, True)):
        many, one = (changed(WEIGHT, each.delta, rounding=rounding) for each in (rough, weight()))
        ratio = ratio_of("'weight'", many, one)
        assert ratio is not None
        assert ratio.proportional is proportional


def test_an_update_that_one_replica_does_not_make() -> None:
    """No number is its factor, nor that of a variable of another size."""
    for one in (weight(0.0), changed(WEIGHT, (0.1,))):
        ratio = ratio_of("'weight'", weight(), one)
        assert ratio is not None
        assert not any(ratio.is_near(factor) for factor in (0.5, 1.0, 2.0))


def test_values_agree_within_rounding() -> None:
    """Within some units of rounding, and only for variables of one size."""
    assert agree((1.0, 2.0), (1.0, 2.0 + 3e-7), 1e-7)
    assert not agree((1.0, 2.0), (1.0, 2.1), 1e-7)
    assert not agree((1.0,), (1.0, 1.0), 1.0)


def test_weight_decay_in_an_update() -> None:
    """The multiple of the update, and that of the weights that comes on top."""
    start = (3.0, 1.0, 2.0)
    one = changed(WEIGHT, (0.1, -0.2, 0.1), before=start)
    many = changed(WEIGHT, (0.2 - 0.03, -0.4 - 0.01, 0.2 - 0.02), before=start)
    ratio = ratio_of("'weight'", many, one)
    assert ratio is not None
    assert decay_in(ratio, many) == pytest.approx((2.0, -0.01))


def test_no_weight_decay() -> None:
    """Neither in a multiple, nor in an arbitrary update, nor where two numbers explain all."""
    start = (3.0, 1.0, 2.0)
    one = changed(WEIGHT, (0.1, -0.2, 0.1), before=start)
    for many in (
        changed(WEIGHT, (0.2, -0.4, 0.2), before=start),
        changed(WEIGHT, (0.1, 0.3, -0.7), before=start),
        changed(WEIGHT, (0.1, -0.2), before=start[:2]),
    ):
        ratio = ratio_of("'weight'", many, one)
        assert ratio is not None
        assert decay_in(ratio, many) is None
    pair = ratio_of(
        "'weight'", changed(WEIGHT, (0.3, 0.1), before=start[:2]), weight(before=start[:2])
    )
    assert pair is not None
    assert decay_in(pair, pair.update) is None
    along = changed(WEIGHT, start, 0.1, before=start)
    ratio = ratio_of("'weight'", changed(WEIGHT, start, 0.2, before=start), along)
    assert ratio is not None
    assert decay_in(ratio, along) is None
