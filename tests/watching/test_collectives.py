"""Collectives of a worker, in their order."""

from __future__ import annotations

from typing import Any

import tensorflow as tf

from tests.watching.observing import Lines, observed

HERE = Lines(__file__)


def summed(value: Any) -> Any:
    return tf.distribute.get_replica_context().all_reduce("SUM", value)  # at: sum


def averaged(value: Any) -> Any:
    return tf.distribute.get_replica_context().all_reduce("MEAN", value)  # at: mean


def test_collectives_are_kept_in_their_order(mirrored: Any) -> None:
    """Each once for all replicas, with its shape, its type and the line at which it is reached."""

    def program() -> None:
        def step() -> None:
            summed(tf.constant([1.0, 2.0]))  # at: outer
            averaged(tf.constant(1))

        mirrored.run(step)

    first, second = observed(program).collectives
    assert (first.shape, first.dtype, HERE.name(first.place)) == ("(2,)", "float32", "sum")
    assert (second.shape, second.dtype, HERE.name(second.place)) == ("()", "int32", "mean")
    assert HERE.name(first.by[-1]) == "outer"
    assert (first.trace, second.trace) == (0, 0)


def test_each_trace_has_its_number(mirrored: Any) -> None:
    """Collectives of one trace share a number, and a later call of it adds none."""

    def one() -> None:
        summed(tf.constant(1.0))

    def both() -> None:
        one()
        averaged(tf.constant(1.0))

    def program() -> None:
        first = tf.function(lambda: mirrored.run(both))
        second = tf.function(lambda: mirrored.run(one))
        for _ in range(2):
            first()
            second()

    found = observed(program).collectives
    assert [(HERE.name(each.place), each.trace) for each in found] == [
        ("sum", 1),
        ("mean", 1),
        ("sum", 2),
    ]


def test_a_variable_that_replicas_update_together_makes_a_collective(mirrored: Any) -> None:
    """It is placed at the author's line, although TensorFlow reduces in another thread."""

    def program() -> None:
        with mirrored.scope():
            weight = tf.Variable(0.0, aggregation=tf.VariableAggregation.MEAN)
        mirrored.run(lambda: weight.assign_add(tf.constant(1.0)))  # at: update

    (collective,) = observed(program).collectives
    assert (collective.operation, HERE.name(collective.place)) == ("reduce", "update")


def test_a_run_without_a_collective_has_none(mirrored: Any) -> None:
    """Each replica computes for itself."""
    assert observed(lambda: mirrored.run(lambda: tf.constant(1.0) + 1.0)).collectives == ()


def test_the_reading_of_an_on_read_variable_is_named(mirrored: Any) -> None:
    """A read outside of replicas names its variable and the step; other collectives do not."""

    def program() -> None:
        with mirrored.scope():
            total = tf.Variable(
                0.0,
                name="total",
                synchronization=tf.VariableSynchronization.ON_READ,
                aggregation=tf.VariableAggregation.SUM,
            )
        mirrored.run(lambda: summed(total.assign_add(1.0)))
        total.numpy()  # at: read

    in_step, reading = observed(program).collectives
    assert (in_step.reads, in_step.step) == ("", 1)
    assert (HERE.name(reading.place), reading.reads, reading.step) == ("read", "total:0", 1)
