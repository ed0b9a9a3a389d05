"""An optimizer and what it trains: each of them made inside or outside the scope."""

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


def create_sgd() -> keras.optimizers.Optimizer:
    return keras.optimizers.SGD(LEARNING_RATE)


def create_sgd_with_schedule() -> keras.optimizers.Optimizer:
    schedule = keras.optimizers.schedules.ExponentialDecay(LEARNING_RATE, 1, decay_rate=0.5)
    return keras.optimizers.SGD(schedule)


def create_momentum_for(weight: tf.Variable) -> keras.optimizers.Optimizer:
    optimizer = keras.optimizers.SGD(LEARNING_RATE, momentum=0.5)
    optimizer.build([weight])
    return optimizer


def create_tf_keras_sgd() -> Any:
    return tf_keras.optimizers.SGD(LEARNING_RATE)


def create_legacy_adam() -> Any:
    return tf_keras.optimizers.legacy.Adam(LEARNING_RATE, epsilon=0.0)


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


@scenario(modes=("function",))
@breaks(
    "counted_per_replica",
    site="outside_scope",
    when=lambda case: case.replicas_per_worker > 1,
    keras=">=3",
    cure="create the optimizer inside strategy.scope()",
)
def schedule(bed: Bed) -> None:
    """A learning rate schedule goes on by one with every step, wherever its optimizer was made."""
    weight = in_scope(bed, create_weight)
    optimizer = bed.make(create_sgd_with_schedule)
    train(bed, optimizer, weight)
    bed.claim(optimizer.iterations, value=2)
    # The second of two steps goes half as far.
    bed.claim(weight, value=[-1.5 * LEARNING_RATE], mirrored=True)


@scenario(modes=("function",))
@breaks(
    "replicas_diverge",
    site="outside_scope",
    when=lambda case: case.replicas_per_worker > 1,
    cure="create and build the optimizer inside strategy.scope()",
)
@breaks(
    "not_mirrored",
    site="outside_scope",
    when=lambda case: case.replicas > 1,
    cure="create and build the optimizer inside strategy.scope()",
)
def momentum(bed: Bed) -> None:
    """An optimizer that was built before training can be made anywhere."""
    weight = in_scope(bed, create_weight)
    optimizer = bed.make(create_momentum_for, weight)
    train(bed, optimizer, weight)
    # The second of two steps goes half as far again. Outside the scope there is one momentum for
    # all copies of the weight, and each copy moves it on, so that they drift apart in silence.
    bed.claim(weight, value=[-2.5 * LEARNING_RATE], mirrored=True)
    slot = optimizer.variables[-1]
    bed.claim(slot, value=[-1.5 * LEARNING_RATE], mirrored=True)


@scenario(modes=("function",))
@breaks(
    "rejected",
    error="'NoneType' object has no attribute 'extended'",
    site="outside_scope",
    when=lambda case: case.strategy == "one_device",
    tensorflow="<2.17",
    keras="<3",
    cure="create the variable inside strategy.scope()",
)
@breaks(
    "rejected",
    error="`colocate_vars_with` must only be passed a variable created in this",
    site="outside_scope",
    when=lambda case: case.strategy != "default",
    keras="<3",
    cure="create the variable inside strategy.scope()",
)
@breaks(
    "misplaced",
    site="outside_scope",
    when=lambda case: case.strategy == "one_device",
    keras=">=3",
)
@breaks(
    "rejected",
    error="AssertionError",
    site="outside_scope",
    when=lambda case: case.strategy != "default",
    keras=">=3",
    cure="create the variable inside strategy.scope(); TensorFlow's message here is empty",
)
def variable(bed: Bed) -> None:
    """An optimizer of the scope trains a variable made anywhere."""
    weight = bed.make(create_weight)
    optimizer = in_scope(bed, create_sgd)
    train(bed, optimizer, weight)
    bed.claim(weight, value=[-2 * LEARNING_RATE], mirrored=True)


@scenario(
    sites=("outside_scope",),
    modes=("function",),
    strategies=("mirrored", "multi_worker_mirrored"),
)
def tf_keras_anywhere(bed: Bed) -> None:
    """A tf_keras optimizer made outside the scope counts steps and trains a variable of it."""
    weight = in_scope(bed, create_weight)
    optimizer = bed.make(create_tf_keras_sgd)
    train(bed, optimizer, weight)
    bed.claim(optimizer.iterations, value=2)
    bed.claim(weight, value=[-2 * LEARNING_RATE], mirrored=True)


@scenario(modes=("function",), strategies=("mirrored", "multi_worker_mirrored"))
@breaks(
    "rejected",
    error="`colocate_vars_with` must only be passed a variable created in this",
    site="outside_scope",
    cure="create the variable inside strategy.scope()",
)
def variable_of_tf_keras(bed: Bed) -> None:
    """A tf_keras optimizer of the scope trains a variable made anywhere."""
    weight = bed.make(create_weight)
    optimizer = in_scope(bed, create_tf_keras_sgd)
    train(bed, optimizer, weight)
    bed.claim(weight, value=[-2 * LEARNING_RATE], mirrored=True)


@scenario(modes=("function",), strategies=("mirrored", "multi_worker_mirrored"))
@breaks(
    "rejected",
    error="Trying to create optimizer slot variable under the scope",
    site="outside_scope",
    cure="create the variable inside strategy.scope()",
)
def variable_of_legacy(bed: Bed) -> None:
    """A legacy tf_keras optimizer of the scope trains a variable made anywhere."""
    weight = bed.make(create_weight)
    optimizer = in_scope(bed, create_legacy_adam)
    train(bed, optimizer, weight)
    bed.claim(weight, value=[-2 * LEARNING_RATE], mirrored=True)


if __name__ == "__main__":
    run_script()
