"""The scale of a loss: each replica has the mean of its own batch, and gradients are added."""

from collections.abc import Callable
from typing import Any

import tensorflow as tf
import tf_keras
from tensorflow import keras

from testbed import Bed, breaks, run_script, scenario

GROUP = "what people do"

DIVIDE = "use tf.nn.compute_average_loss, or divide by strategy.num_replicas_in_sync"

ROWS = 2
"""Rows of each replica."""
TARGET = -100.0
"""So far away that the gradient of the absolute error is the input itself."""


def create_weight() -> tf.Variable:
    return tf.Variable(0.0)


def create_sgd(weight: tf.Variable) -> keras.optimizers.Optimizer:
    optimizer = keras.optimizers.SGD(1.0)
    optimizer.build([weight])
    return optimizer


def create_tf_keras_sgd(weight: tf.Variable) -> Any:
    return tf_keras.optimizers.SGD(1.0)


def update(
    bed: Bed,
    create_optimizer: Callable[[tf.Variable], Any],
    loss_of: Callable[[tf.Tensor, tf.Tensor], tf.Tensor],
) -> None:
    """Take one step, and claim that it is the step for the mean of all rows of all replicas."""
    weight = bed.make(create_weight)
    optimizer = bed.make(create_optimizer, weight)
    # Replica i has i + 1 and i + 2, so that the mean of all rows is R / 2 + 1.
    inputs = bed.data(lambda replica: [[replica + 1.0], [replica + 2.0]])

    def step(x: tf.Tensor) -> None:
        with tf.GradientTape() as tape:
            loss = loss_of(tf.fill([ROWS, 1], TARGET), weight * x)
        optimizer.apply_gradients([(tape.gradient(loss, weight), weight)])

    bed.run(step, inputs)
    bed.claim(weight, value=-(bed.case.replicas / 2 + 1), mirrored=True)


def mean(target: tf.Tensor, output: tf.Tensor) -> tf.Tensor:
    return tf.reduce_mean(tf.abs(target - output))


@scenario(sites=("in_scope",), modes=("eager", "function"))
@breaks(
    "counted_per_replica",
    when=lambda case: case.replicas > 1 and case.workers == 1,
    cure=DIVIDE,
)
@breaks(
    "wrong_value",
    when=lambda case: case.workers > 1,
    cure=DIVIDE,
)
def own_mean(bed: Bed) -> None:
    """With tf.reduce_mean as loss, an update is as long as on one replica."""
    update(bed, create_sgd, mean)


@scenario(
    sites=("in_scope",),
    modes=("function",),
    strategies=("mirrored", "multi_worker_mirrored"),
)
@breaks(
    "counted_per_replica",
    when=lambda case: case.replicas > 1 and case.workers == 1,
    cure=DIVIDE,
)
@breaks(
    "wrong_value",
    when=lambda case: case.workers > 1,
    cure=DIVIDE,
)
def own_mean_of_tf_keras(bed: Bed) -> None:
    """With tf.reduce_mean and tf_keras, an update is as long as on one replica."""
    update(bed, create_tf_keras_sgd, mean)


@scenario(sites=("in_scope",), modes=("eager", "function"))
def average_loss(bed: Bed) -> None:
    """With tf.nn.compute_average_loss, an update is as long as on one replica."""
    update(
        bed,
        create_sgd,
        lambda target, output: tf.nn.compute_average_loss(tf.abs(target - output)[:, 0]),
    )


@scenario(sites=("in_scope",), modes=("eager", "function"))
@breaks(
    "rejected",
    error="Please use `tf.keras.losses.Reduction.SUM` or `tf.keras.losses.Reduction.NONE`",
    when=lambda case: case.strategy != "default",
    keras="<3",
    cure="use Reduction.NONE and tf.nn.compute_average_loss (see average_loss)",
)
def loss_object(bed: Bed) -> None:
    """A loss object of Keras divides by the number of replicas itself."""
    update(bed, create_sgd, keras.losses.MeanAbsoluteError())


@scenario(sites=("in_scope",), modes=("eager", "function"))
@breaks(
    "rejected",
    error="Please use `tf.keras.losses.Reduction.SUM` or `tf.keras.losses.Reduction.NONE`",
    when=lambda case: case.strategy != "default",
    keras="<3",
    cure="use Reduction.NONE and tf.nn.compute_average_loss (see average_loss)",
)
@breaks(
    "wrong_value",
    when=lambda case: case.replicas > 1,
    keras=">=3",
    cure="leave the division to the loss object (see loss_object)",
)
def divided_twice(bed: Bed) -> None:
    """A loss object of Keras is divided by the number of replicas."""
    loss = keras.losses.MeanAbsoluteError()
    replicas = bed.strategy.num_replicas_in_sync
    update(bed, create_sgd, lambda target, output: loss(target, output) / replicas)


@scenario(
    sites=("in_scope",),
    modes=("function",),
    strategies=("mirrored", "multi_worker_mirrored"),
)
@breaks(
    "rejected",
    error="Please use `tf.keras.losses.Reduction.SUM` or `tf.keras.losses.Reduction.NONE`",
    cure="use Reduction.NONE and tf.nn.compute_average_loss (see average_loss)",
)
def loss_object_of_tf_keras(bed: Bed) -> None:
    """A loss object of tf_keras divides by the number of replicas itself."""
    update(bed, create_tf_keras_sgd, tf_keras.losses.MeanAbsoluteError())


if __name__ == "__main__":
    run_script()
