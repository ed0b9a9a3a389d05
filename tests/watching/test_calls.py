"""Calls of tf.functions: what they read when they were traced, and how often they were traced."""

from __future__ import annotations

import random
from typing import Any

import numpy
import pytest
import tensorflow as tf

from testbed.worker.watching.traces import calls
from testbed.worker.watching.traces.calls import FunctionCalls
from tests.watching.observing import Lines, observed

HERE = Lines(__file__)


class Settings:
    def __init__(self) -> None:
        self.rate = 1.0
        self.mode = "train"
        self.model: Any = None
        self.table = numpy.array([1.0, 2.0])


def test_a_number_that_a_trace_has_frozen() -> None:
    """The values then and now are kept, and where the function reads it."""
    settings = Settings()

    def decay() -> Any:
        return tf.constant(2.0) * settings.rate  # at: rate

    def program() -> None:
        step = tf.function(decay)
        for rate in (1.0, 0.5, 0.25):
            settings.rate = rate
            step()

    (frozen,) = observed(program).frozen
    assert (frozen.name, frozen.kind, frozen.function) == ("settings.rate", "number", "decay")
    assert (frozen.traced, frozen.now, frozen.file) == (1.0, 0.5, __file__)
    assert HERE.name(frozen.place) == "rate"


def test_texts_and_arrays_are_frozen_like_numbers() -> None:
    """Each has its kind."""
    settings = Settings()

    def step() -> Any:
        if settings.mode == "train":
            return tf.constant(settings.table)
        return None

    def program() -> None:
        call = tf.function(step)
        call()
        settings.mode, settings.table = "test", numpy.array([1.0, 3.0])
        call()

    found = {each.kind: (each.traced, each.now) for each in observed(program).frozen}
    assert found == {"text": ("train", "test"), "array": ([1.0, 2.0], [1.0, 3.0])}


def test_an_object_that_is_replaced_after_the_trace() -> None:
    """The trace goes on with the variables of the first one."""
    kept = {"module": tf.Module()}
    holder = Settings()

    def step() -> Any:
        return tf.constant(len(holder.model.variables))

    def program() -> None:
        holder.model = kept["module"]
        call = tf.function(step)
        call()
        holder.model = tf.Module()
        call()

    (frozen,) = observed(program).frozen
    assert (frozen.name, frozen.kind, frozen.traced) == ("holder.model", "object", "Module")


def test_an_argument_is_not_frozen() -> None:
    """A tensor is read in each call, and a variable holds its value itself."""
    rate = tf.Variable(1.0)

    def program() -> None:
        step = tf.function(lambda factor: factor * rate)
        for value in (1.0, 0.5):
            rate.assign(value)
            step(tf.constant(value))

    assert observed(program).frozen == ()


def test_a_random_number_that_is_drawn_once() -> None:
    """NumPy draws when it is traced, TensorFlow in each call."""

    def frozen_noise() -> Any:
        return tf.constant(numpy.random.rand())  # at: draw

    def live_noise() -> Any:
        return tf.random.uniform(())

    def program() -> None:
        for noise in (frozen_noise, live_noise):
            step = tf.function(noise)
            for _ in range(2):
                step()

    (frozen,) = observed(program).frozen
    assert (frozen.name, frozen.kind) == ("numpy.random.rand", "draw")
    assert (frozen.function, HERE.name(frozen.place)) == ("frozen_noise", "draw")


def test_a_generator_of_the_author_that_draws_once() -> None:
    """It is named as the author names it."""
    dice = random.Random(7)

    def program() -> None:
        step = tf.function(lambda: tf.constant(dice.random()))
        for _ in range(2):
            step()

    assert [(each.name, each.kind) for each in observed(program).frozen] == [("dice", "draw")]


def test_python_numbers_trace_again() -> None:
    """Each call with another number traces; with a tensor it does not."""

    def scaled(value: Any) -> Any:  # at: scaled
        return value * 2.0

    def program() -> None:
        by_number, by_tensor = tf.function(scaled), tf.function(lambda value: value * 3.0)
        for number in range(4):
            by_number(number)
            by_tensor(tf.constant(float(number)))

    def first_of(name: str) -> Any:
        return next(each for each in found if each.function == name)

    found = observed(program).retraced
    again, once = first_of("scaled"), first_of("<lambda>")
    assert (again.calls, again.traces, again.why) == (4, 4, "a Python int")
    assert HERE.name(again.place) == "scaled"
    assert (once.calls, once.traces, once.why) == (4, 1, "")


def test_a_tf_function_that_is_made_in_a_loop() -> None:
    """All that are made of one code are counted together."""

    def step() -> Any:
        return tf.constant(1.0)

    kept = []

    def program() -> None:
        for _ in range(3):
            kept.append(tf.function(step))
            kept[-1]()

    (again,) = observed(program).retraced
    assert (again.function, again.calls, again.traces) == ("step", 3, 3)
    assert again.why == "the tf.function itself, created again,"


def test_another_variable_in_the_place_of_the_first(mirrored: Any) -> None:
    """A tf.function that is called with two distributed variables is kept once."""

    def program() -> None:
        with mirrored.scope():
            first, then = tf.Variable(1.0, name="first"), tf.Variable(2.0, name="then")
        step = tf.function(lambda variable: variable.read_value())
        step(first)
        step(first)
        step(then)  # at: then
        step(then)

    (mixed,) = observed(program).mixed
    assert (mixed.first, mixed.then, HERE.name(mixed.place)) == ("first:0", "then:0", "then")


def test_a_failure_within_a_nested_call_leaves_the_outer_call_alone(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """What cannot be observed of an inner call is not mistaken for the end of the outer one."""
    watched = FunctionCalls()
    inner, outer = tf.function(lambda: None), tf.function(lambda: None)
    watched.called(outer, (), {}, 0)

    def failing(*_: Any) -> None:
        raise ValueError("no look")

    with monkeypatch.context() as broken:
        broken.setattr(calls, "take_snapshot", failing)
        with pytest.raises(ValueError, match="no look"):
            watched.called(inner, (), {}, 0)
    assert watched.going_on is inner
    watched.returned(0)
    assert watched.going_on is outer
