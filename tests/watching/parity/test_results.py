"""The numbers that the first steps of a program return, and the lines that reduce them."""

from __future__ import annotations

from typing import Any

import tensorflow as tf

from tests.watching.observing import Lines
from tests.watching.parity.recording import recorded

HERE = Lines(__file__)

SUM, ON_READ = tf.VariableAggregation.SUM, tf.VariableSynchronization.ON_READ


def test_results_of_reductions(mirrored: Any) -> None:
    """Outside of tf.functions they are results of the step, with the lines that reduce."""

    def program() -> None:
        values = mirrored.run(
            lambda: (
                tf.cast(tf.distribute.get_replica_context().replica_id_in_sync_group, tf.float32)
                + 1.0
            )
        )
        mirrored.reduce("SUM", values, axis=None)  # at: sum
        mirrored.reduce("MEAN", values, axis=None)  # at: mean

    found = recorded(program)
    (step,) = found.steps
    assert (step.results, step.acts) == ((3.0, 1.5), True)
    assert [HERE.name(each) for each in step.reduced] == ["sum", "mean"]


def test_the_result_of_a_function_that_reduces(mirrored: Any) -> None:
    """It is a result of the step; a number that no reduction makes may be a replica's."""

    @tf.function  # type: ignore[untyped-decorator]
    def reduces() -> Any:
        return mirrored.reduce("SUM", mirrored.run(lambda: tf.constant(2.0)), axis=None)

    @tf.function  # type: ignore[untyped-decorator]
    def plain() -> Any:
        mirrored.run(lambda: tf.constant(2.0))
        return tf.constant(3.0)

    assert [each.results for each in recorded(reduces).steps] == [(4.0,)]
    assert [each.results for each in recorded(plain).steps] == [()]


def test_the_lines_of_results_of_a_function(mirrored: Any) -> None:
    """The results are those of its reductions, in their order, if there are as many."""

    def step() -> Any:
        return tf.constant(2.0), tf.constant([3.0])

    @tf.function  # type: ignore[untyped-decorator]
    def both() -> Any:
        number, row = mirrored.run(step)
        added = mirrored.reduce("SUM", number, axis=None)  # at: added
        gathered = mirrored.gather(row, axis=0)
        mean = mirrored.reduce("MEAN", number, axis=None)  # at: averaged
        return {"added": added, "gathered": gathered, "mean": mean}

    @tf.function  # type: ignore[untyped-decorator]
    def fewer() -> Any:
        number, _ = mirrored.run(step)
        total = mirrored.reduce("SUM", number, axis=None)
        return total / mirrored.reduce("MEAN", number, axis=None)

    (found,) = recorded(both).steps
    assert (found.results, [HERE.name(each) for each in found.reduced]) == (
        (4.0, 2.0),
        ["added", "averaged"],
    )
    assert [(each.results, each.reduced) for each in recorded(fewer).steps] == [((2.0,), ())]


def test_a_variable_that_is_read_is_no_reduction(mirrored: Any) -> None:
    """TensorFlow reduces its copies, but the program does not."""

    def program() -> None:
        with mirrored.scope():
            metric = tf.Variable(0.0, synchronization=ON_READ, aggregation=SUM)
        mirrored.run(lambda: metric.assign_add(tf.constant(1.0)))
        metric.read_value()

    (step,) = recorded(program).steps
    assert (step.results, step.reduced) == ((), ())
