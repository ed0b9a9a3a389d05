"""A gradient tape: the loss on it is reduced over replicas before the gradient is taken."""

from collections.abc import Callable
from typing import Any

import tensorflow as tf

from testbed import Bed, breaks, run_script, scenario

GROUP = "what people do"

LEARNING_RATE = 0.1

weight: tf.Variable


def create() -> None:
    global weight
    weight = tf.Variable(3.0, aggregation=tf.VariableAggregation.MEAN)


def descend(gradient: Any) -> None:
    # As optimizers do: a weight without a gradient is left alone.
    if gradient is not None:
        weight.assign_sub(LEARNING_RATE * gradient)


def mean_over_replicas(strategy: Any, value: tf.Tensor) -> Any:
    return strategy.reduce("mean", value, axis=None)


def trained(bed: Bed) -> float:
    # Replica i has the loss (i + 1) * weight, so the mean loss has the mean of i + 1 as gradient.
    return 3.0 - LEARNING_RATE * (bed.case.replicas + 1) / 2


def train(bed: Bed, loss_of: Callable[[tf.Tensor], tf.Tensor]) -> None:
    def step(factor: tf.Tensor) -> None:
        with tf.GradientTape() as tape:
            loss = loss_of(factor)
        descend(tape.gradient(loss, weight))

    bed.make(create)
    bed.run(step, bed.data(lambda replica: replica + 1.0))
    bed.claim(weight, value=trained(bed))


@scenario(sites=("in_scope",))
@breaks(
    "wrong_value",
    when=lambda case: case.strategy not in ("default", "one_device"),
    cure="reduce with get_replica_context().all_reduce, which has a gradient",
)
def reduced_by_merge_call(bed: Bed) -> None:
    """A weight is trained by the gradient of a loss that merge_call reduced."""

    def loss_of(factor: tf.Tensor) -> tf.Tensor:
        context = tf.distribute.get_replica_context()
        return context.merge_call(mean_over_replicas, args=(factor * weight,))

    train(bed, loss_of)


@scenario(sites=("in_scope",))
def reduced_by_all_reduce(bed: Bed) -> None:
    """A weight is trained by the gradient of a loss that all_reduce reduced."""

    def loss_of(factor: tf.Tensor) -> tf.Tensor:
        return tf.distribute.get_replica_context().all_reduce("mean", factor * weight)

    train(bed, loss_of)


@scenario(sites=("in_scope",))
def reduced_by_assignment(bed: Bed) -> None:
    """A weight is trained by local gradients, which its aggregation averages."""
    train(bed, lambda factor: factor * weight)


@scenario(sites=("in_scope",), modes=("eager",))
@breaks(
    "wrong_value",
    when=lambda case: case.strategy not in ("default", "one_device"),
    cure="open the tape in the step, and take the gradient there",
)
def tape_around_run(bed: Bed) -> None:
    """A weight is trained by a tape that is open around strategy.run."""
    bed.make(create)
    with tf.GradientTape() as tape:
        losses = bed.run(lambda factor: factor * weight, bed.data(lambda replica: replica + 1.0))
        loss = bed.strategy.reduce("mean", losses, axis=None)
    descend(tape.gradient(loss, weight))
    bed.claim(weight, value=trained(bed))


@scenario(sites=("in_scope",), modes=("eager",))
@breaks(
    "rejected",
    error="DistributedVariable.handle is not available outside the replica context",
    when=lambda case: case.strategy not in ("default", "one_device"),
    cure="take the gradient in the step, or at least after the scope",
)
def gradient_in_scope(bed: Bed) -> None:
    """The gradient of a weight of the scope can be taken in the scope, outside of any step."""
    bed.make(create)
    with bed.strategy.scope():
        with tf.GradientTape() as tape:
            loss = 2.0 * weight
        gradient = tape.gradient(loss, weight)
    bed.claim(gradient, value=2.0)


@scenario(sites=("in_scope",), modes=("eager",))
def gradient_after_scope(bed: Bed) -> None:
    """The gradient of a weight of the scope can be taken where the scope has ended."""
    bed.make(create)
    with tf.GradientTape() as tape:
        loss = 2.0 * weight
    bed.claim(tape.gradient(loss, weight), value=2.0)


if __name__ == "__main__":
    run_script()
