"""A metric: updated by every replica, read by whoever reports it."""

from typing import Any

import tensorflow as tf
import tf_keras
from tensorflow import keras

from testbed import Bed, breaks, run_script, scenario

GROUP = "kinds of object"


def create_mean() -> keras.metrics.Metric:
    return keras.metrics.Mean()


def create_tf_keras_mean() -> Any:
    return tf_keras.metrics.Mean()


def losses(bed: Bed) -> Any:
    """The loss of replica i is i + 1, so their mean is (R + 1) / 2."""
    return bed.data(lambda replica: replica + 1.0)


def update(bed: Bed, metric: Any) -> None:
    """Update the metric in three steps, on every replica with its own loss."""

    def step(loss: tf.Tensor) -> None:
        metric.update_state(loss)

    bed.run(step, losses(bed), times=3)


@scenario(modes=("function",))
@breaks(
    "workers_diverge",
    site="outside_scope",
    when=lambda case: case.workers > 1,
    cure="create the metric inside strategy.scope(), where reading it sums all replicas",
)
def mean(bed: Bed) -> None:
    """A metric tells the mean over all replicas."""
    metric = bed.make(create_mean)
    update(bed, metric)
    bed.claim(metric.result(), value=(bed.case.replicas + 1) / 2)


@scenario(modes=("function",), strategies=("mirrored", "multi_worker_mirrored"))
@breaks(
    "workers_diverge",
    site="outside_scope",
    when=lambda case: case.workers > 1,
    cure="create the metric inside strategy.scope(), where reading it sums all replicas",
)
def tf_keras_mean(bed: Bed) -> None:
    """A tf_keras metric tells the mean over all replicas."""
    metric = bed.make(create_tf_keras_mean)
    update(bed, metric)
    bed.claim(metric.result(), value=(bed.case.replicas + 1) / 2)


@scenario(
    sites=("in_scope",),
    modes=("function",),
    strategies=("mirrored", "multi_worker_mirrored"),
)
@breaks(
    "replicas_diverge",
    when=lambda case: case.replicas_per_worker > 1,
    keras=">=3",
    cure="read metric.result() after the step, outside strategy.run",
)
@breaks(
    "workers_diverge",
    when=lambda case: case.workers > 1,
    keras=">=3",
    cure="read metric.result() after the step, outside strategy.run",
)
def read_in_step(bed: Bed) -> None:
    """The result that a step returns is the mean over all replicas."""
    metric = bed.make(create_mean)

    def step(loss: tf.Tensor) -> tf.Tensor:
        metric.update_state(loss)
        return metric.result()

    bed.claim(bed.run(step, losses(bed)), value=(bed.case.replicas + 1) / 2)


@scenario(
    sites=("in_scope",), modes=("function",), strategies=("mirrored", "multi_worker_mirrored")
)
def tf_keras_read_in_step(bed: Bed) -> None:
    """The result of a tf_keras metric that a step returns is the mean over all replicas."""
    metric = bed.make(create_tf_keras_mean)

    def step(loss: tf.Tensor) -> tf.Tensor:
        metric.update_state(loss)
        return metric.result()

    bed.claim(bed.run(step, losses(bed)), value=(bed.case.replicas + 1) / 2)


@scenario(
    sites=("in_scope",),
    modes=("eager",),
    strategies=("mirrored", "multi_worker_mirrored"),
)
@breaks(
    "rejected",
    error="SyncOnReadVariable does not support `assign_add` in cross-replica context",
    when=lambda case: case.replicas > 1,
    keras="<3",
    cure="call metric.update_state in the step, with the loss of the replica",
)
def after_step(bed: Bed) -> None:
    """A metric can also be given the reduced loss, after the step."""
    metric = bed.make(create_mean)
    loss = bed.strategy.reduce("MEAN", bed.run(tf.square, losses(bed)), axis=None)
    metric.update_state(loss)
    squares = [(replica + 1.0) ** 2 for replica in range(bed.case.replicas)]
    bed.claim(metric.result(), value=sum(squares) / len(squares))


@scenario(
    sites=("in_scope",),
    modes=("eager",),
    strategies=("mirrored", "multi_worker_mirrored"),
)
@breaks(
    "rejected",
    error="SyncOnReadVariable does not support `assign_add` in cross-replica context",
    when=lambda case: case.replicas > 1,
    cure="call metric.update_state in the step, with the loss of the replica",
)
def tf_keras_after_step(bed: Bed) -> None:
    """A tf_keras metric can also be given the reduced loss, after the step."""
    metric = bed.make(create_tf_keras_mean)
    loss = bed.strategy.reduce("MEAN", bed.run(tf.square, losses(bed)), axis=None)
    metric.update_state(loss)
    squares = [(replica + 1.0) ** 2 for replica in range(bed.case.replicas)]
    bed.claim(metric.result(), value=sum(squares) / len(squares))


if __name__ == "__main__":
    run_script()
