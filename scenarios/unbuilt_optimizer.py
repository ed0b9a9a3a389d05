"""An optimizer with state, not built before its first step: it makes its slots while it trains."""

from collections.abc import Callable
from typing import Any

import tensorflow as tf
import tf_keras
from tensorflow import keras

from testbed import Bed, breaks, run_script, scenario

GROUP = "kinds of object"

LEARNING_RATE = 0.1


def create_weight() -> tf.Variable:
    return tf.Variable([0.0], name="weight")


def create_momentum() -> keras.optimizers.Optimizer:
    return keras.optimizers.SGD(LEARNING_RATE, momentum=0.5)


def create_tf_keras_momentum() -> Any:
    return tf_keras.optimizers.SGD(LEARNING_RATE, momentum=0.5)


def in_scope(bed: Bed, create: Callable[[], Any]) -> Any:
    with bed.strategy.scope():
        return create()


def train(bed: Bed, optimizer: Any, weight: tf.Variable) -> None:
    """Take two steps whose mean gradient over all replicas is 1, on each replica another."""
    replicas = bed.case.replicas
    gradients = bed.data(lambda replica: [2.0 * (replica + 1) / (replicas + 1)])

    def step(gradient: tf.Tensor) -> None:
        # Optimizers add the gradients of all replicas, so each gives its part of the mean.
        optimizer.apply_gradients([(gradient / replicas, weight)])

    bed.run(step, gradients, times=2)
    # The second of two steps goes half as far again.
    bed.claim(weight, value=[-2.5 * LEARNING_RATE], mirrored=True)


@scenario()
@breaks(
    "rejected",
    error="Mixing different tf.distribute.Strategy objects",
    site="outside_scope",
    when=lambda case: case.strategy != "default",
    keras=">=3",
    cure="create the optimizer inside strategy.scope(), and build it there",
)
@breaks(
    "rejected",
    error="You must feed a value for placeholder tensor",
    mode="function",
    when=lambda case: case.replicas_per_worker > 1,
    keras=">=3,<3.16",
    cure="optimizer.build(variables) inside strategy.scope(), before the first step",
)
def unbuilt(bed: Bed) -> None:
    """A Keras optimizer makes its momentum in the first step."""
    weight = in_scope(bed, create_weight)
    train(bed, bed.make(create_momentum), weight)


@scenario(sites=("in_scope",), strategies=("mirrored", "multi_worker_mirrored"))
def built(bed: Bed) -> None:
    """A Keras optimizer that was built before the first step has its momentum."""
    weight = in_scope(bed, create_weight)
    optimizer = bed.make(create_momentum)
    with bed.strategy.scope():
        optimizer.build([weight])
    train(bed, optimizer, weight)


@scenario(strategies=("mirrored", "multi_worker_mirrored"), modes=("function",))
def unbuilt_tf_keras(bed: Bed) -> None:
    """A tf_keras optimizer makes its momentum in the first step."""
    weight = in_scope(bed, create_weight)
    train(bed, bed.make(create_tf_keras_momentum), weight)


if __name__ == "__main__":
    run_script()
