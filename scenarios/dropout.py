"""Random state of a layer: the masks that `Dropout` draws from its own seed."""

from typing import Any

import tensorflow as tf
import tf_keras
from tensorflow import keras

from testbed import Bed, breaks, run_script, scenario

GROUP = "kinds of object"

UNITS = 64


def create_layer() -> keras.layers.Layer:
    return keras.layers.Dropout(0.5)


def create_tf_keras_layer() -> Any:
    return tf_keras.layers.Dropout(0.5)


class ReplicaDropout(keras.layers.Layer):
    """Dropout that draws its mask from the step and the replica."""

    def __init__(self, rate: float) -> None:
        super().__init__()
        self.rate = rate
        self.step = self.add_weight(
            dtype="int32",
            initializer="zeros",
            trainable=False,
            aggregation="only_first_replica",
        )

    def call(self, inputs: tf.Tensor, training: bool = False) -> tf.Tensor:
        if not training:
            return inputs
        replica = tf.distribute.get_replica_context().replica_id_in_sync_group
        chance = tf.random.stateless_uniform(inputs.shape, seed=[self.step.value, replica])
        self.step.assign_add(1)
        return tf.where(chance >= self.rate, inputs / (1.0 - self.rate), 0.0)


def create_replica_layer() -> keras.layers.Layer:
    return ReplicaDropout(0.5)


def masks(bed: Bed, layer: Any, steps: int = 1) -> int:
    """How many different masks all replicas draw in these steps."""

    def draw() -> tf.Tensor:
        return tf.cast(layer(tf.ones([1, UNITS]), training=True) > 0.0, tf.int32)

    found: set[tuple[int, ...]] = set()
    for _ in range(steps):
        found.update(map(tuple, bed.strategy.gather(bed.run(draw), axis=0).numpy()))
    return len(found)


@scenario(sites=("in_scope",), modes=("function",))
@breaks(
    "wrong_value",
    when=lambda case: case.replicas > 1,
    keras=">=3",
    cure="draw the mask from the replica's id, too, in a layer of your own (own_masks)",
)
def masks_differ(bed: Bed) -> None:
    """Every replica drops other units of its part of the batch."""
    layer = bed.make(create_layer)
    bed.claim(masks(bed, layer), value=bed.case.replicas)


@scenario(
    sites=("in_scope",),
    modes=("function",),
    strategies=("mirrored", "multi_worker_mirrored"),
)
def masks_differ_in_tf_keras(bed: Bed) -> None:
    """With tf_keras, and another seed on every worker, every replica drops other units."""
    layer = bed.make(create_tf_keras_layer)
    bed.claim(masks(bed, layer), value=bed.case.replicas)


@scenario(
    sites=("in_scope",),
    modes=("function",),
    strategies=("mirrored", "multi_worker_mirrored"),
)
@breaks(
    "rejected",
    error="Invalid variable aggregation mode: only_first_replica",
    keras="<3",
    cure="in Keras 2 give add_weight tf.VariableAggregation.ONLY_FIRST_REPLICA",
)
def own_masks(bed: Bed) -> None:
    """A mask drawn from the step and the replica is another for every replica and step."""
    layer = bed.make(create_replica_layer)
    bed.claim(masks(bed, layer, steps=3), value=3 * bed.case.replicas)


if __name__ == "__main__":
    run_script()
