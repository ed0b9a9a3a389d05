"""Keras variables: `keras.Variable`, and the weights that a layer adds for its state."""

from typing import Any

import tensorflow as tf
import tf_keras

from testbed import Bed, breaks, run_script, scenario

GROUP = "kinds of object"

# A cure needs no single device beside it.
REPLICATED = ("mirrored", "multi_worker_mirrored")


class Keeper(tf.keras.layers.Layer):
    """Keeps the mean of the batch that it was last called with."""

    def __init__(self, **options: Any) -> None:
        super().__init__()
        self.kept = self.add_weight(
            shape=(), initializer="zeros", trainable=False, name="kept", **options
        )

    def call(self, batch: tf.Tensor) -> tf.Tensor:
        self.kept.assign(tf.reduce_mean(batch))
        return batch


class LegacyKeeper(tf_keras.layers.Layer):
    """The same in Keras 2."""

    def __init__(self, **options: Any) -> None:
        super().__init__()
        self.kept = self.add_weight(
            shape=(), initializer="zeros", trainable=False, name="kept", **options
        )

    def call(self, batch: tf.Tensor) -> tf.Tensor:
        self.kept.assign(tf.reduce_mean(batch))
        return batch


def create_sum() -> Any:
    return tf.keras.Variable(0.0, trainable=False, aggregation="sum")


def create_mean() -> Any:
    return tf.keras.Variable(0.0, trainable=False, aggregation="mean")


def batch_of(replica: int) -> list[float]:
    return [10.0 * replica, 10.0 * replica + 20.0]


@scenario(sites=("in_scope",), modes=("function",))
@breaks(
    "rejected",
    error="has no attribute 'Variable'",
    keras="<3",
    cure="use tf.Variable: Keras 2 has no keras.Variable",
)
@breaks(
    "wrong_value",
    when=lambda case: case.replicas > 1,
    keras=">=3",
    cure="assign_add to its value, as summed_through_value does: Keras assigns self + value",
)
def summed(bed: Bed) -> None:
    """A keras.Variable with aggregation="sum" adds up what all replicas add."""
    examples = bed.make(create_sum)
    bed.run(lambda mine: examples.assign_add(mine), bed.data(lambda i: i + 1.0), times=3)
    bed.claim(examples, value=3 * sum(i + 1.0 for i in range(bed.case.replicas)))


@scenario(sites=("in_scope",), modes=("function",), strategies=REPLICATED)
@breaks(
    "rejected",
    error="has no attribute 'Variable'",
    keras="<3",
    cure="use tf.Variable: Keras 2 has no keras.Variable",
)
def summed_through_value(bed: Bed) -> None:
    """The tf.Variable of a keras.Variable with aggregation="sum" adds up what all replicas add."""
    examples = bed.make(create_sum)
    bed.run(lambda mine: examples.value.assign_add(mine), bed.data(lambda i: i + 1.0), times=3)
    bed.claim(examples, value=3 * sum(i + 1.0 for i in range(bed.case.replicas)))


@scenario(modes=("function",))
@breaks(
    "rejected",
    error="has no attribute 'Variable'",
    keras="<3",
    cure="use tf.Variable: Keras 2 has no keras.Variable",
)
@breaks(
    "counted_per_replica",
    site="outside_scope",
    when=lambda case: case.replicas_per_worker > 1,
    keras=">=3",
)
def counter(bed: Bed) -> None:
    """A keras.Variable with aggregation="mean" counts steps."""
    steps = bed.make(create_mean)
    bed.run(lambda: steps.assign_add(1.0), times=5)
    bed.claim(steps, value=5.0)


@scenario(sites=("in_scope",), modes=("function",))
@breaks(
    "replicas_diverge",
    when=lambda case: case.replicas_per_worker > 1,
    cure='add_weight(..., aggregation="mean"), as layer_state_with_mean does',
)
@breaks(
    "workers_diverge",
    when=lambda case: case.workers > 1,
    cure='add_weight(..., aggregation="mean"), as layer_state_with_mean does',
)
def layer_state(bed: Bed) -> None:
    """State that a layer keeps in a weight is the same on all replicas."""
    layer = bed.make(Keeper)
    bed.run(lambda batch: layer(batch), bed.data(batch_of))
    bed.claim(layer.kept, equal=True)


@scenario(sites=("in_scope",), modes=("function",))
@breaks(
    "replicas_diverge",
    when=lambda case: case.replicas_per_worker > 1,
    cure="add_weight(..., aggregation=tf.VariableAggregation.MEAN)",
)
@breaks(
    "workers_diverge",
    when=lambda case: case.workers > 1,
    cure="add_weight(..., aggregation=tf.VariableAggregation.MEAN)",
)
def layer_state_in_keras_2(bed: Bed) -> None:
    """State that a layer of tf_keras keeps in a weight is the same on all replicas."""
    layer = bed.make(LegacyKeeper)
    bed.run(lambda batch: layer(batch), bed.data(batch_of))
    bed.claim(layer.kept, equal=True)


@scenario(sites=("in_scope",), modes=("function",), strategies=REPLICATED)
@breaks(
    "rejected",
    error="Invalid variable aggregation mode: mean",
    keras="<3",
    cure="in Keras 2 give add_weight tf.VariableAggregation.MEAN",
)
def layer_state_with_mean(bed: Bed) -> None:
    """State that a layer keeps in a weight with aggregation="mean" is the mean of all replicas."""
    layer = bed.make(lambda: Keeper(aggregation="mean"))
    bed.run(lambda batch: layer(batch), bed.data(batch_of))
    bed.claim(layer.kept, value=10.0 + 5.0 * (bed.case.replicas - 1))


@scenario(sites=("in_scope",), modes=("function",), strategies=REPLICATED)
def layer_state_in_keras_2_with_mean(bed: Bed) -> None:
    """State in a tf_keras weight with VariableAggregation.MEAN is the mean of all replicas."""
    layer = bed.make(lambda: LegacyKeeper(aggregation=tf.VariableAggregation.MEAN))
    bed.run(lambda batch: layer(batch), bed.data(batch_of))
    bed.claim(layer.kept, value=10.0 + 5.0 * (bed.case.replicas - 1))


if __name__ == "__main__":
    run_script()
