"""What a trace keeps of a value, and how it is compared later."""

from __future__ import annotations

import gc
import random
from typing import Any

import numpy
import pytest
import tensorflow as tf

from testbed.worker.watching.traces import traced_values
from testbed.worker.watching.traces.traced_values import (
    state_of_source,
    states_of_streams,
    traced_value_of,
)


@pytest.mark.parametrize(
    ("value", "kind", "shown"),
    [
        (1, "number", 1),
        (0.5, "number", 0.5),
        (numpy.float64(2.0), "number", 2.0),
        (True, "text", True),
        ("relu", "text", "relu"),
        (numpy.array([1, 2]), "array", [1, 2]),
    ],
)
def test_values_by_their_kinds(value: Any, kind: str, shown: Any) -> None:
    """Numbers, texts and arrays are compared by what they hold."""
    kept = traced_value_of(value)
    assert kept is not None
    assert (kept.kind, kept.shown) == (kind, shown)
    assert kept == traced_value_of(value)


def test_arrays_differ_by_an_element() -> None:
    """A large one is compared as a whole, too, and shown to nobody."""
    one = numpy.zeros(1000)
    other = one.copy()
    other[999] = 1.0
    kept = traced_value_of(one)
    assert kept is not None
    assert kept.shown is None
    assert kept == traced_value_of(one.copy())
    assert kept != traced_value_of(other)


def test_objects_that_hold_variables_are_compared_by_identity() -> None:
    """A variable or a module is the same only as long as it is the same object, and lives."""
    one, other = tf.Module(), tf.Module()
    kept = traced_value_of(one)
    assert kept is not None
    assert (kept.kind, kept.shown) == ("object", "Module")
    assert kept == traced_value_of(one)
    assert kept != traced_value_of(other)
    first, second = traced_value_of(tf.Module()), traced_value_of(tf.Module())
    gc.collect()
    assert first != second


def test_what_is_not_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    """Classes, functions, lists, arrays of objects, and large arrays."""
    monkeypatch.setattr(traced_values, "_BYTES", 100)
    strange = numpy.array([object()])
    assert [traced_value_of(each) for each in (tf.Module, len, [1], strange, numpy.zeros(20))] == [
        None
    ] * 5


@pytest.mark.parametrize(
    ("source", "draw"),
    [
        (numpy.random.default_rng(1), lambda source: source.random()),
        (numpy.random.RandomState(1), lambda source: source.rand()),
        (random.Random(1), lambda source: source.random()),
    ],
)
def test_the_state_of_a_source_changes_with_a_draw(source: Any, draw: Any) -> None:
    """Without one it stays."""
    before = state_of_source(source)
    assert before is not None
    assert before == state_of_source(source)
    draw(source)
    assert before != state_of_source(source)


def test_shared_streams_are_known_by_their_modules() -> None:
    """Those of NumPy and Python; other objects are no source."""
    assert set(states_of_streams()) == {"numpy.random", "random"}
    assert None not in states_of_streams().values()
    assert state_of_source("text") is None
