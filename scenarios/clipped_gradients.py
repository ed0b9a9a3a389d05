"""Clipped gradients: the limit holds for each replica, or for the sum of all."""

from collections.abc import Callable
from typing import Any

import tensorflow as tf
import tf_keras
from tensorflow import keras

from testbed import Bed, breaks, run_script, scenario

GROUP = "what people do"

CLIP_SUM = "add the gradients up with all_reduce and clip them (see clipped_sum), or use tf_keras"

LIMIT = 1.0


def create_weight() -> tf.Variable:
    return tf.Variable([0.0])


def create_sgd(weight: tf.Variable, **limit: float) -> keras.optimizers.Optimizer:
    optimizer = keras.optimizers.SGD(1.0, **limit)
    optimizer.build([weight])
    return optimizer


def update(
    bed: Bed,
    create_optimizer: Callable[[tf.Variable], Any],
    clip: Callable[[tf.Tensor], tf.Tensor] = tf.identity,
) -> None:
    """Take one step with long gradients, and claim that it is as long as the limit."""
    weight = bed.make(create_weight)
    optimizer = bed.make(create_optimizer, weight)
    gradients = bed.data(lambda replica: [10.0 * (replica + 1)])

    def step(gradient: tf.Tensor) -> None:
        # Each replica gives its part of the mean.
        part = gradient / bed.strategy.num_replicas_in_sync
        optimizer.apply_gradients([(clip(part), weight)])

    bed.run(step, gradients)
    bed.claim(weight, value=[-LIMIT], mirrored=True)


@scenario(sites=("in_scope",), modes=("function",))
@breaks(
    "wrong_value",
    when=lambda case: case.replicas > 1,
    cure="add the gradients up with all_reduce before they are clipped (see clipped_sum)",
)
def clipped_in_replica(bed: Bed) -> None:
    """Gradients clipped in the step make an update that is no longer than the limit."""
    update(bed, create_sgd, lambda gradient: tf.clip_by_norm(gradient, LIMIT))


@scenario(sites=("in_scope",), modes=("function",))
@breaks(
    "wrong_value",
    when=lambda case: case.replicas > 1,
    keras=">=3",
    cure=CLIP_SUM,
)
def clipnorm(bed: Bed) -> None:
    """clipnorm of a Keras optimizer limits the update."""
    update(bed, lambda weight: create_sgd(weight, clipnorm=LIMIT))


@scenario(sites=("in_scope",), modes=("function",))
@breaks(
    "wrong_value",
    when=lambda case: case.replicas > 1,
    keras=">=3",
    cure=CLIP_SUM,
)
def clipvalue(bed: Bed) -> None:
    """clipvalue of a Keras optimizer limits the update."""
    update(bed, lambda weight: create_sgd(weight, clipvalue=LIMIT))


@scenario(
    sites=("in_scope",),
    modes=("function",),
    strategies=("mirrored", "multi_worker_mirrored"),
)
def clipnorm_of_tf_keras(bed: Bed) -> None:
    """clipnorm of a tf_keras optimizer limits the update, since it clips the sum."""
    update(bed, lambda weight: tf_keras.optimizers.SGD(1.0, clipnorm=LIMIT))


@scenario(sites=("in_scope",), modes=("function",))
def clipped_sum(bed: Bed) -> None:
    """The sum of all gradients is clipped, and each replica applies its part of it."""
    replicas = bed.strategy.num_replicas_in_sync

    def clip(gradient: tf.Tensor) -> tf.Tensor:
        total = tf.distribute.get_replica_context().all_reduce("SUM", gradient)
        return tf.clip_by_norm(total, LIMIT) / replicas

    update(bed, create_sgd, clip)


if __name__ == "__main__":
    run_script()
