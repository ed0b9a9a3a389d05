"""Optimizers of Keras 3 that clip the gradients of each replica before they are summed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras
import pytest
import tensorflow as tf
import tf_keras

from testbed.check.observations.seen import VariableCreated, WorkerObservations
from tests.watching.observing import Lines, observed

HERE = Lines(__file__)

Gradients = list[Any]


def clipping(found: WorkerObservations) -> list[VariableCreated]:
    """The first variables of optimizers that clip in replicas."""
    return [each for each in found.births if each.clips]


def clippings(
    strategy: Any,
    make: Callable[[], Any],
    reduce: Callable[[Gradients], Gradients] = lambda gradients: gradients,
    *,
    traced: bool = True,
) -> list[VariableCreated]:
    """What is observed of two steps with an optimizer."""

    def program() -> None:
        with strategy.scope():
            weights = [keras.Variable([1.0, 2.0]), keras.Variable(3.0)]
            optimizer = make()
            optimizer.build(weights)

        def step() -> None:
            gradients = reduce([tf.constant([3.0, 4.0]), tf.constant(5.0)])
            optimizer.apply(gradients, weights)

        def train() -> None:
            strategy.run(step)

        call = tf.function(train) if traced else train
        call()
        call()

    return clipping(observed(program))


@pytest.mark.parametrize("traced", [True, False], ids=["graph", "eager"])
@pytest.mark.parametrize("limit", ["clipnorm", "global_clipnorm", "clipvalue"])
def test_an_optimizer_that_clips_in_every_replica(mirrored: Any, limit: str, traced: bool) -> None:
    """It is recorded once, with its limit and the line that made it."""

    def make() -> Any:
        return keras.optimizers.SGD(0.1, **{limit: 0.5})  # at: made

    (found,) = clippings(mirrored, make, traced=traced)
    assert found.clips == f"{limit}=0.5"
    assert HERE.name(found.place) == "made"


def test_an_optimizer_within_another(mirrored: Any) -> None:
    """The optimizer with the limit is recorded."""

    def make() -> Any:
        inner = keras.optimizers.SGD(0.1, clipnorm=0.5)  # at: inner
        return keras.optimizers.LossScaleOptimizer(inner)

    (found,) = clippings(mirrored, make)
    assert HERE.name(found.place) == "inner"


def test_without_a_limit_nothing_is_clipped(mirrored: Any) -> None:
    """Neither without the argument nor with 0."""
    assert clippings(mirrored, lambda: keras.optimizers.SGD(0.1)) == []
    assert clippings(mirrored, lambda: keras.optimizers.SGD(0.1, clipnorm=0.0)) == []


def test_one_replica_has_all_gradients() -> None:
    """Clipping them is right."""
    alone = tf.distribute.MirroredStrategy(["CPU:0"])
    assert clippings(alone, lambda: keras.optimizers.SGD(0.1, clipnorm=0.5)) == []


@pytest.mark.parametrize("traced", [True, False], ids=["graph", "eager"])
def test_gradients_that_the_program_has_reduced(mirrored: Any, traced: bool) -> None:
    """They are equal on all replicas, and so are the clipped ones; a reduced loss is not enough."""

    def make() -> Any:
        return keras.optimizers.SGD(0.1, global_clipnorm=0.5)

    def reduced(gradients: Gradients) -> Gradients:
        return list(tf.distribute.get_replica_context().all_reduce("SUM", gradients))

    def loss_alone(gradients: Gradients) -> Gradients:
        tf.distribute.get_replica_context().all_reduce("SUM", tf.constant(1.0))
        return gradients

    assert clippings(mirrored, make, reduced, traced=traced) == []
    assert len(clippings(mirrored, make, loss_alone, traced=traced)) == 1


def test_tf_keras_clips_the_sum(mirrored: Any) -> None:
    """Its optimizers are not recorded."""

    def program() -> None:
        with mirrored.scope():
            weight = tf.Variable(1.0)
            optimizer = tf_keras.optimizers.SGD(0.1, clipnorm=0.5)
            optimizer.build([weight])
        mirrored.run(lambda: optimizer.apply_gradients([(tf.constant(3.0), weight)]))

    assert clipping(observed(program)) == []
