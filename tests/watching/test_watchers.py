"""What all watchers together observe of a program: strategies, truths, gradients and leaks."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import tensorflow as tf

from testbed.check.observations.seen import WorkerObservations
from testbed.decoding import decoded
from tests.watching.observing import Lines, observed

HERE = Lines(__file__)


class Holder:
    def __init__(self) -> None:
        self.leaked: Any = None
        self.value: Any = None

    def leak(self) -> Any:
        self.leaked = tf.constant(1.0) + 1.0  # at: leak
        return self.leaked

    def keep(self, value: Any) -> Any:
        return value + 1.0


def test_the_strategies_that_ran(mirrored: Any) -> None:
    """By their types, and the most replicas that one of them has."""
    found = observed(lambda: mirrored.run(lambda: None))
    assert (found.strategies, found.replicas, found.worker) == (("MirroredStrategy",), 2, 0)
    nothing = observed(lambda: None)
    assert nothing == WorkerObservations(worker=0, replicas=1)


def test_a_strategy_that_is_not_used() -> None:
    """One that runs, or has a variable in its scope, is used."""
    kept = []

    def program() -> None:
        tf.distribute.MirroredStrategy(["CPU:0", "CPU:1"])  # at: unused
        tf.distribute.MirroredStrategy(["CPU:0"]).run(lambda: None)
        with tf.distribute.MirroredStrategy(["CPU:1"]).scope():
            kept.append(tf.Variable(0.0))

    (unused,) = observed(program).unused
    assert (unused.type, unused.replicas) == ("MirroredStrategy", 2)
    assert HERE.name(unused.place) == "unused"


def test_a_condition_on_several_values(mirrored: Any) -> None:
    """The type and the line of the question; a single value may be asked."""

    def program() -> None:
        pair = mirrored.run(
            lambda: tf.constant(tf.distribute.get_replica_context().replica_id_in_sync_group)
        )
        if pair:  # at: truth
            pass
        if mirrored.reduce("SUM", pair, axis=None):
            pass

    (truth,) = observed(program).truths
    assert (truth.type, HERE.name(truth.place)) == ("PerReplica", "truth")


def test_a_tape_without_any_gradient() -> None:
    """The first source is named; one gradient among several is enough."""
    weight, other = tf.Variable(1.0, name="weight"), tf.Variable(1.0)

    def program() -> None:
        with tf.GradientTape(persistent=True) as tape:
            loss = weight * 2.0
            constant = tf.constant(1.0)
        tape.gradient(loss, [other, weight])
        tape.gradient(constant, [weight, other])  # at: none

    (found,) = observed(program).no_gradients
    assert (found.source, HERE.name(found.place)) == ("weight:0", "none")


def test_a_tensor_of_a_finished_trace() -> None:
    """It is found in the object of a tf.function's method, at the statement that stores it."""
    holder, right = Holder(), Holder()

    def program() -> None:
        tf.function(holder.leak)()
        right.value = tf.function(right.keep)(tf.constant(1.0))

    (leak,) = observed(program).leaks
    assert (leak.name, HERE.name(leak.place)) == ("self.leaked", "leak")
    assert leak.tensor.startswith("add")


def test_a_leak_in_the_object_of_a_replica_function(mirrored: Any) -> None:
    """The object of the method that `strategy.run` gets is looked at, too."""
    holder = Holder()
    (leak,) = observed(lambda: tf.function(lambda: mirrored.run(holder.leak))()).leaks
    assert (leak.name, HERE.name(leak.place)) == ("self.leaked", "leak")


def test_observations_can_be_taken_up_again(mirrored: Any) -> None:
    """They are data, and the record of them is read back as it was."""

    def program() -> None:
        with mirrored.scope():
            weight = tf.Variable(0.0, aggregation=tf.VariableAggregation.SUM)
        mirrored.run(lambda: weight.assign_add(tf.constant(1.0)))

    found = observed(program)
    assert decoded(WorkerObservations, asdict(found)) == found
