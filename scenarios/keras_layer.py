"""A Keras layer owns the variables, and one layer is used in several places."""

from typing import Any

import tensorflow as tf

from testbed import Bed, breaks, run_script, scenario

GROUP = "ways of sharing"


class Counting(tf.keras.layers.Layer):
    """Counts how often it is called."""

    def __init__(self) -> None:
        super().__init__()
        self.steps = self.add_weight(
            shape=(), initializer="zeros", trainable=False, aggregation="mean"
        )

    def call(self, inputs: tf.Tensor) -> tf.Tensor:
        self.steps.assign_add(1.0)
        return inputs


def create_and_call() -> Any:
    layer = tf.keras.layers.Dense(1)
    layer(tf.ones([1, 1]))
    return layer


def create_and_build() -> Any:
    layer = tf.keras.layers.Dense(2)
    layer.build([None, 3])
    return layer


@scenario()
@breaks(
    "rejected",
    error="Invalid variable aggregation mode: mean",
    keras="<3",
    cure="in Keras 2 give add_weight tf.VariableAggregation.MEAN",
)
@breaks(
    "counted_per_replica",
    site="outside_scope",
    when=lambda case: case.replicas_per_worker > 1,
    keras=">=3",
)
def counter(bed: Bed) -> None:
    """A counter counts steps, however many replicas take them."""
    layer = bed.make(Counting)

    def step() -> None:
        layer(tf.ones([1]))

    bed.run(step, times=5)
    bed.claim(layer.steps, value=5.0)


@scenario(modes=("eager",))
@breaks("workers_diverge", site="outside_scope", when=lambda case: case.workers > 1)
@breaks("not_mirrored", site="outside_scope", when=lambda case: case.replicas > 1)
@breaks("misplaced", site="outside_scope", when=lambda case: case.strategy == "one_device")
def used_twice(bed: Bed) -> None:
    """A layer that is called twice uses the identical, mirrored kernel both times."""
    layer = bed.make(create_and_call)
    kernel = layer.kernel
    layer(tf.zeros([4, 1]))
    bed.claim(layer.kernel, same_as=kernel, equal=True, mirrored=True)


@scenario(sites=("outside_scope", "in_scope", "in_replica"), modes=("eager",))
@breaks(
    "workers_diverge",
    site="outside_scope",
    when=lambda case: case.workers > 1,
    cure="call or build the layer once inside strategy.scope(): its first call makes its variables",
)
@breaks(
    "not_mirrored",
    site="outside_scope",
    when=lambda case: case.replicas > 1,
    cure="call or build the layer once inside strategy.scope(): its first call makes its variables",
)
@breaks("misplaced", site="outside_scope", when=lambda case: case.strategy == "one_device")
def first_called(bed: Bed) -> None:
    """A layer that was constructed in the scope has a mirrored kernel after its first call."""
    with bed.strategy.scope():
        layer = tf.keras.layers.Dense(1)
    bed.make(layer, tf.ones([1, 1]))
    bed.claim(layer.kernel, equal=True, mirrored=True)


@scenario(modes=("eager",), strategies=("default", "mirrored"))
@breaks(
    "rejected",
    error="was not created in the distribution strategy scope",
    site="outside_scope",
    when=lambda case: case.strategy == "mirrored",
    keras="<3",
    cure="build every layer of the model, the shared ones too, inside strategy.scope()",
)
@breaks(
    "rejected",
    error="AssertionError",
    site="outside_scope",
    when=lambda case: case.strategy == "mirrored",
    keras=">=3",
    cure="build every layer of the model, the shared ones too, inside strategy.scope()",
)
def shared_with_fitted_model(bed: Bed) -> None:
    """fit trains a model of the scope that shares a layer that is there already."""
    shared = bed.make(create_and_build)
    with bed.strategy.scope():
        inputs = tf.keras.Input([3])
        model = tf.keras.Model(inputs, tf.keras.layers.Dense(1)(shared(inputs)))
        model.compile("sgd", "mse")
    examples = 4 * bed.case.replicas
    model.fit(tf.ones([examples, 3]), tf.ones([examples, 1]), batch_size=examples, verbose=0)
    bed.claim(int(model.optimizer.iterations.numpy()), value=1)


if __name__ == "__main__":
    run_script()
