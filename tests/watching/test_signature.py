"""What a tf.function is called with, as far as it decides which trace is taken."""

from __future__ import annotations

from typing import Any

import pytest
import tensorflow as tf

from testbed.worker.watching.traces.signature import signature_of, what_differs

VARIABLES = (tf.Module(), tf.Module())


def of(*args: Any, **kwargs: Any) -> Any:
    return signature_of(args, kwargs)


def test_tensors_of_one_shape_and_type_are_alike() -> None:
    """Their values do not count; those of Python numbers do."""
    assert of(tf.constant([1.0])) == of(tf.constant([2.0]))
    assert of(1) != of(2)
    assert of(1) != of(1.0)
    assert of(VARIABLES[0]) != of(VARIABLES[1])
    assert of(rate=1) == of(rate=1)


def test_the_surroundings_of_a_call_count(mirrored: Any) -> None:
    """In a strategy's scope another trace is taken."""
    outside = of(1)
    with mirrored.scope():
        inside = of(1)
    assert what_differs(outside, inside) == ["the context of its calls"]


@pytest.mark.parametrize(
    ("before", "now", "words"),
    [
        ((1,), (2,), ["a Python int"]),
        (("a",), ("b",), ["a Python str"]),
        ((1,), (1.0,), ["the type of an argument"]),
        ((VARIABLES[0],), (VARIABLES[1],), ["an object among its arguments"]),
        ((VARIABLES[0], 1), (VARIABLES[1], 2), ["a Python int", "an object among its arguments"]),
        ((1,), (1, 2), ["the number of arguments"]),
        ((1, 2), (1, 2), []),
    ],
)
def test_the_difference_in_words(before: Any, now: Any, words: list[str]) -> None:
    """The Python value comes first, as it is what traces most."""
    assert what_differs(of(*before), of(*now)) == words


def test_the_difference_of_tensors_in_words() -> None:
    """Shape and type are told apart."""
    two, three = of(tf.zeros([2])), of(tf.zeros([3]))
    assert what_differs(two, three) == ["the shape of an argument"]
    assert what_differs(two, of(tf.zeros([2], tf.int32))) == ["the type of an argument"]
    assert what_differs(None, two) == ["the number of arguments"]
