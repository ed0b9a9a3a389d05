"""The values of variables: at the end, between steps, and where there is no room for them."""

from __future__ import annotations

from typing import Any

import pytest
import tensorflow as tf

from testbed.worker.watching.variables import values
from tests.watching.observing import Lines, observed

HERE = Lines(__file__)


def test_mirrored_variables_are_looked_at_after_one_two_and_four_steps(mirrored: Any) -> None:
    """Each look holds the number of steps and the value of each copy; plain ones have none."""

    def program() -> None:
        with mirrored.scope():
            weight = tf.Variable(0.0, aggregation=tf.VariableAggregation.MEAN)
        plain = tf.Variable(0.0)
        for _ in range(6):
            mirrored.run(lambda: weight.assign_add(tf.constant(1.0)))
            plain.assign_add(1.0)

    weight, plain = observed(program).births
    assert weight.looks == ((1, (1.0, 1.0)), (2, (2.0, 2.0)), (4, (4.0, 4.0)))
    assert (weight.copies, plain.copies, plain.looks) == ((6.0, 6.0), (6.0,), ())


def test_steps_of_a_tf_function_are_looked_at_between_its_calls(mirrored: Any) -> None:
    """The tf.function around a run is the step."""

    def program() -> None:
        with mirrored.scope():
            weight = tf.Variable(0.0, aggregation=tf.VariableAggregation.MEAN)
        step = tf.function(lambda: mirrored.run(lambda: weight.assign_add(tf.constant(1.0))))
        for _ in range(3):
            step()

    (weight,) = observed(program).births
    assert weight.looks == ((1, (1.0, 1.0)), (2, (2.0, 2.0)))


def test_looking_is_no_access_of_the_program(mirrored: Any) -> None:
    """The values that are read between steps are not among the reads of the program."""

    def program() -> None:
        with mirrored.scope():
            _ = tf.Variable(0.0)  # at: created
        for _ in range(3):
            mirrored.run(lambda: None)

    found = observed(program)
    assert len(found.births[0].looks) == 2
    # TensorFlow itself reads the first copy to create the second.
    assert {HERE.name(each.place) for each in found.accesses} == {"created"}


def test_a_variable_that_differs_on_purpose_is_not_looked_at(mirrored: Any) -> None:
    """A variable that is combined on read holds another value on each replica, rightly."""

    def program() -> None:
        with mirrored.scope():
            on_read = tf.VariableSynchronization.ON_READ
            own = tf.Variable(0.0, synchronization=on_read, aggregation=tf.VariableAggregation.SUM)
        for _ in range(3):
            mirrored.run(lambda: own.assign_add(1.0))
        own.read_value()

    found = observed(program)
    assert found.births[0].looks == ()
    assert [each.apart for each in found.accesses if each.apart] == []


def test_variables_beyond_the_memory_limit_are_not_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    """A variable for which there is no room shows no values, and is still listed."""
    monkeypatch.setattr(values, "_KEPT_BYTES", 16)
    kept = []

    def program() -> None:
        kept.append(tf.Variable([1.0, 2.0]))
        kept.append(tf.Variable([0.0] * 4))

    assert [each.copies for each in observed(program).births] == [([1.0, 2.0],), ()]
