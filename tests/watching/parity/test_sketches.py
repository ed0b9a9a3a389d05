"""Sketches: few numbers that stand for all elements of a variable."""

from __future__ import annotations

import numpy
import pytest
import tensorflow as tf

from testbed.worker.watching.parity.sketches import elements_of, rounding_of, sketch


def test_few_elements_are_their_own_sketch() -> None:
    """In the order of a flat array, as numbers of Python."""
    elements = elements_of(numpy.array([[1, 2], [3, 4]], numpy.int32))
    assert sketch(elements) == (1.0, 2.0, 3.0, 4.0)


def test_a_sketch_is_linear() -> None:
    """The sketch of a multiple is the multiple of the sketch, and that of a sum is the sum."""
    rng = numpy.random.default_rng(1)
    one, other = rng.normal(size=5000), rng.normal(size=5000)
    of_sum = sketch(2 * one + other)
    expected = [2 * a + b for a, b in zip(sketch(one), sketch(other), strict=True)]
    assert len(of_sum) == 64
    assert of_sum == pytest.approx(expected)


def test_the_order_of_elements_counts() -> None:
    """Two elements that change places change the sketch, and so does a single element."""
    elements = numpy.arange(5000.0)
    for changed in (elements.copy(), elements.copy()):
        changed[[10, 11]] = changed[[11, 10]]
        assert sketch(changed) != sketch(elements)
    single = elements.copy()
    single[4999] += 1
    assert sketch(single) != sketch(elements)


def test_a_large_variable_is_covered_at_equal_distances() -> None:
    """At most 2**16 elements, from its begin to its end."""
    elements = elements_of(numpy.arange(2**18 + 5, dtype=numpy.int64))
    assert 2**15 <= elements.size <= 2**16
    assert set(numpy.diff(elements)) == {5.0}
    assert elements[-1] > 2**18 - 5


def test_what_is_a_number() -> None:
    """Every type of floats and integers; neither texts nor truths nor complex numbers."""
    for dtype in (tf.float16, tf.bfloat16, tf.float64, tf.int8, tf.uint8):
        assert elements_of(tf.constant([1, 2], dtype).numpy()).tolist() == [1.0, 2.0]
    for other in (b"text", True, 1j):
        assert elements_of(numpy.array([other])) is None


def test_elements_are_a_copy() -> None:
    """What is written to the variable afterwards does not change them."""
    array = numpy.zeros(3)
    elements = elements_of(array)
    array[0] = 1.0
    assert elements[0] == 0.0


def test_rounding_of_an_update() -> None:
    """The length of the error that the larger one of both values may have in float32."""
    before, after = numpy.array([3.0, 0.0]), numpy.array([0.0, -4.0])
    assert rounding_of(before, after) == pytest.approx(5 * 2.0**-23)
