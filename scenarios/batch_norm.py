"""State of a layer: what `BatchNormalization` and own layers remember of the batches they saw."""

from typing import Any

import tensorflow as tf
import tf_keras
from tensorflow import keras

from testbed import Bed, breaks, run_script, scenario

GROUP = "kinds of object"

MOMENTUM = 0.5


def create_layer() -> keras.layers.Layer:
    layer = keras.layers.BatchNormalization(momentum=MOMENTUM)
    layer.build((None, 1))
    return layer


def create_synchronized_layer() -> keras.layers.Layer:
    layer = keras.layers.BatchNormalization(momentum=MOMENTUM, synchronized=True)
    layer.build((None, 1))
    return layer


def create_tf_keras_layer() -> Any:
    layer = tf_keras.layers.BatchNormalization(momentum=MOMENTUM)
    layer.build((None, 1))
    return layer


class Centre(keras.layers.Layer):
    """Remembers the mean of what it last saw, with the aggregation that it is told."""

    def __init__(self, **how: str) -> None:
        super().__init__()
        self.mean = self.add_weight(shape=(1,), initializer="zeros", trainable=False, **how)

    def call(self, inputs: tf.Tensor) -> tf.Tensor:
        self.mean.assign(tf.reduce_mean(inputs, axis=0))
        return inputs - self.mean


def batches(bed: Bed) -> Any:
    """Two rows around 4 (i + 1) for replica i, so their mean over all replicas is 2 (R + 1)."""
    return bed.data(lambda replica: [[4.0 * replica + 3.0], [4.0 * replica + 5.0]])


@scenario(modes=("function",))
@breaks(
    "replicas_diverge",
    site="in_scope",
    when=lambda case: case.replicas_per_worker > 1,
    keras=">=3",
    cure="BatchNormalization(synchronized=True), or tf_keras",
)
@breaks(
    "workers_diverge",
    site="in_scope",
    when=lambda case: case.workers > 1,
    keras=">=3",
    cure="BatchNormalization(synchronized=True), or tf_keras",
)
@breaks(
    "workers_diverge",
    site="outside_scope",
    when=lambda case: case.workers > 1,
    cure="BatchNormalization(synchronized=True) inside strategy.scope(), or tf_keras",
)
@breaks(
    "wrong_value",
    site="outside_scope",
    when=lambda case: case.replicas > 1,
    cure="BatchNormalization(synchronized=True) inside strategy.scope(), or tf_keras",
)
def moving_mean(bed: Bed) -> None:
    """The moving mean of a BatchNormalization follows the batches of all replicas."""
    layer = bed.make(create_layer)
    bed.run(lambda batch: layer(batch, training=True), batches(bed))
    # Every copy is right or wrong in silence; the first one is what gets saved and exported.
    bed.claim(layer.moving_mean, value=[(1 - MOMENTUM) * 2.0 * (bed.case.replicas + 1)])


@scenario(
    sites=("in_scope",),
    modes=("function",),
    strategies=("mirrored", "multi_worker_mirrored"),
)
def moving_mean_synchronized(bed: Bed) -> None:
    """With synchronized=True the moving mean follows the batches of all replicas."""
    layer = bed.make(create_synchronized_layer)
    bed.run(lambda batch: layer(batch, training=True), batches(bed))
    bed.claim(
        layer.moving_mean,
        value=[(1 - MOMENTUM) * 2.0 * (bed.case.replicas + 1)],
        mirrored=True,
    )


@scenario(
    sites=("in_scope",),
    modes=("function",),
    strategies=("mirrored", "multi_worker_mirrored"),
)
def moving_mean_of_tf_keras(bed: Bed) -> None:
    """The moving mean of a tf_keras BatchNormalization follows the batches of all replicas."""
    layer = bed.make(create_tf_keras_layer)
    bed.run(lambda batch: layer(batch, training=True), batches(bed))
    # Its copies differ on purpose: reading it outside strategy.run takes their mean.
    mean = layer.moving_mean.read_value()
    bed.claim(mean, value=[(1 - MOMENTUM) * 2.0 * (bed.case.replicas + 1)])


@scenario(
    sites=("in_scope",),
    modes=("function",),
    strategies=("mirrored", "multi_worker_mirrored"),
)
@breaks(
    "replicas_diverge",
    when=lambda case: case.replicas_per_worker > 1,
    cure="""add_weight(..., aggregation="mean")""",
)
@breaks(
    "workers_diverge",
    when=lambda case: case.workers > 1,
    cure="""add_weight(..., aggregation="mean")""",
)
def own_layer(bed: Bed) -> None:
    """A weight that a layer assigns in its call is the same on all replicas."""
    layer = bed.make(Centre)
    bed.run(lambda batch: layer(batch), batches(bed))
    bed.claim(layer.mean, value=[2.0 * (bed.case.replicas + 1)], mirrored=True)


@scenario(
    sites=("in_scope",),
    modes=("function",),
    strategies=("mirrored", "multi_worker_mirrored"),
)
@breaks(
    "rejected",
    error="Invalid variable aggregation mode: mean",
    keras="<3",
    cure="in Keras 2 give add_weight tf.VariableAggregation.MEAN",
)
def own_layer_with_aggregation(bed: Bed) -> None:
    """With aggregation="mean", a weight that a layer assigns is the mean of all replicas."""
    layer = bed.make(lambda: Centre(aggregation="mean"))
    bed.run(lambda batch: layer(batch), batches(bed))
    bed.claim(layer.mean, value=[2.0 * (bed.case.replicas + 1)], mirrored=True)


if __name__ == "__main__":
    run_script()
