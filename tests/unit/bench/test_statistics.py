"""Percentiles, intervals and outliers."""

from __future__ import annotations

import math
import random
import statistics

import pytest

from testbed.bench.figures.statistics import interval, outlier_share, percentile, ratio_interval
from tests.unit.bench.builders import noisy


@pytest.mark.parametrize(
    ("share", "expected"), [(0.0, 1.0), (0.5, 3.0), (0.9, 4.6), (1.0, 5.0), (0.25, 2.0)]
)
def test_percentiles_lie_between_the_values(share: float, expected: float) -> None:
    """Of 1 to 5 the median is 3, and 90 % reach to 4.6."""
    assert percentile([5.0, 3.0, 1.0, 4.0, 2.0], share) == pytest.approx(expected)


def test_a_percentile_of_one_value_is_that_value() -> None:
    """Nothing is interpolated where there is nothing beside it."""
    assert percentile([7.0], 0.99) == 7.0


def test_an_interval_of_equal_rounds_is_a_point() -> None:
    """Where nothing varies, nothing is uncertain."""
    assert interval([2.0, 2.0, 2.0]) == (2.0, 2.0)


def test_an_interval_holds_the_truth_about_as_often_as_it_says() -> None:
    """Of 200 intervals of 10 noisy rounds nearly all hold the median that made them."""
    held = 0
    for seed in range(200):
        low, high = interval(noisy(1.0, 10, seed))
        held += low <= 1.0 <= high
    assert 0.88 <= held / 200 <= 1.0


def test_an_interval_is_the_same_each_time() -> None:
    """Chance is seeded, so a record can be made anew from its rounds."""
    rounds = noisy(1.0, 10, 3)
    assert interval(rounds) == interval(rounds)


def test_more_rounds_tell_more() -> None:
    """The interval of 40 rounds is narrower than that of 5."""
    few, many = interval(noisy(1.0, 5, 1)), interval(noisy(1.0, 40, 1))
    assert many[1] - many[0] < few[1] - few[0]


def test_a_ratio_of_steady_rounds_is_exact() -> None:
    """3 against 2, without any noise."""
    assert ratio_interval([3.0, 3.0], [2.0, 2.0]) == pytest.approx((1.5, 1.5, 1.5))


def test_a_ratio_s_interval_reaches_as_far_as_the_noise() -> None:
    """Logs 0.0 and 0.2 on both sides: an error of sqrt(0.02), of which 3.29 reach 0.4653."""
    rounds = [1.0, math.exp(0.2)]
    factor, low, high = ratio_interval(rounds, rounds)
    assert factor == pytest.approx(1.0)
    assert (low, high) == pytest.approx((math.exp(-0.4653), math.exp(0.4653)), rel=1e-3)


def test_rounds_are_as_noisy_as_their_kind() -> None:
    """Rounds that lie close together by chance are not taken for steady."""
    assert ratio_interval([1.0, 1.0], [1.0, 1.0], least_variance=0.02)[2] == pytest.approx(
        math.exp(0.4653), rel=1e-3
    )


def test_outliers_are_far_above_the_rest() -> None:
    """Two held-up steps of 100 are 2 %; steps that only vary are none."""
    chance = random.Random(0)
    steady = [1.0 + chance.random() / 10 for _ in range(98)]
    assert outlier_share(steady) == 0.0
    assert outlier_share([*steady, 9.0, 20.0]) == pytest.approx(0.02)


def test_equal_values_have_no_outlier() -> None:
    """Without any deviation there is nothing to be far from."""
    assert outlier_share([1.0] * 10) == 0.0
    assert statistics.median([1.0] * 10) == 1.0
