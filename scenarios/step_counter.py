"""A step counter: what schedules, summaries and checkpoints ask for the number of steps."""

from typing import Any

import tensorflow as tf
import tf_keras

from testbed import Bed, breaks, run_script, scenario

GROUP = "kinds of object"

v1 = tf.compat.v1


def create_step() -> tf.Variable:
    """As an optimizer makes its own: a step of all replicas counts once."""
    return tf.Variable(
        0, dtype=tf.int64, aggregation=tf.VariableAggregation.ONLY_FIRST_REPLICA, trainable=False
    )


def train(bed: Bed, optimizer: Any, weight: tf.Variable) -> None:
    """Three steps, each towards a target of the replica's own."""

    def step(target: tf.Tensor) -> None:
        with tf.GradientTape() as tape:
            loss = (weight - target) ** 2 / bed.case.replicas
        optimizer.apply_gradients([(tape.gradient(loss, weight), weight)])

    bed.run(step, bed.data(lambda replica: replica + 1.0), times=3)


def create_weight(bed: Bed) -> tf.Variable:
    with bed.strategy.scope():
        return tf.Variable(0.5)


@scenario(sites=("in_scope",), modes=("function",))
def own(bed: Bed) -> None:
    """A step counter ONLY_FIRST_REPLICA that every replica moves counts steps."""
    step = bed.make(create_step)
    bed.run(lambda: step.assign_add(1), times=3)
    bed.claim(step, value=3)


@scenario(modes=("function",))
@breaks(
    "counted_per_replica",
    site="outside_scope",
    when=lambda case: case.replicas_per_worker > 1,
    cure="ask for it inside strategy.scope() before anyone else does, or use optimizer.iterations",
)
def global_step(bed: Bed) -> None:
    """The global step that `tf.compat.v1.train` keeps counts steps."""
    step = bed.make(v1.train.get_or_create_global_step)
    bed.run(lambda: step.assign_add(1), times=3)
    bed.claim(step, value=3)


@scenario(sites=("in_scope",), modes=("function",))
@breaks(
    "counted_per_replica",
    when=lambda case: case.replicas_per_worker > 1,
    cure="ask for it inside strategy.scope() before anyone else does, or use optimizer.iterations",
)
def global_step_of_someone_else(bed: Bed) -> None:
    """The global step counts steps when asked for in the scope, whoever asked before."""
    v1.train.get_or_create_global_step()
    step = bed.make(v1.train.get_or_create_global_step)
    bed.run(lambda: step.assign_add(1), times=3)
    bed.claim(step, value=3)


# A schedule of such an optimizer runs ahead too: see optimizer.
@scenario(modes=("function",), strategies=("mirrored", "multi_worker_mirrored"))
@breaks(
    "counted_per_replica",
    site="outside_scope",
    when=lambda case: case.replicas_per_worker > 1,
    keras=">=3",
    cure="create the optimizer inside strategy.scope()",
)
def iterations(bed: Bed) -> None:
    """The iterations of a Keras optimizer are the steps that it took."""
    weight = create_weight(bed)
    optimizer = bed.make(tf.keras.optimizers.SGD, 0.1)
    train(bed, optimizer, weight)
    bed.claim(optimizer.iterations, value=3)


@scenario(
    sites=("outside_scope",),
    modes=("function",),
    strategies=("mirrored", "multi_worker_mirrored"),
)
def iterations_of_keras_2(bed: Bed) -> None:
    """The iterations of a tf_keras optimizer are the steps that it took, even made outside."""
    weight = create_weight(bed)
    optimizer = bed.make(tf_keras.optimizers.SGD, 0.1)
    train(bed, optimizer, weight)
    bed.claim(optimizer.iterations, value=3)


if __name__ == "__main__":
    run_script()
