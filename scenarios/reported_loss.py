"""A reported number: what the replicas return, and how it becomes one number for the log."""

from typing import Any

import tensorflow as tf
import tf_keras
from tensorflow import keras

from testbed import Bed, breaks, run_script, scenario

GROUP = "what people do"

ADD = "keep sum and count in two weights with assign_add, and divide them in result"


def rows(bed: Bed) -> Any:
    """Replica i has the two rows i + 1 and i + 2, so that the mean of all is R / 2 + 1."""
    return bed.data(lambda replica: [replica + 1.0, replica + 2.0])


def mean_of_all(bed: Bed) -> float:
    return bed.case.replicas / 2 + 1


class Ratio(keras.metrics.Metric):
    """Keeps a ratio in a weight, as metrics do that were written for one device."""

    def __init__(self) -> None:
        super().__init__()
        self.ratio = self.add_weight(name="ratio", initializer="zeros")

    def update_state(self, values: tf.Tensor, sample_weight: Any = None) -> None:
        self.ratio.assign(tf.reduce_mean(values))

    def result(self) -> Any:
        return self.ratio


class TfKerasRatio(tf_keras.metrics.Metric):
    def __init__(self) -> None:
        super().__init__()
        self.ratio = self.add_weight(name="ratio", initializer="zeros")

    def update_state(self, values: tf.Tensor, sample_weight: Any = None) -> None:
        self.ratio.assign(tf.reduce_mean(values))

    def result(self) -> Any:
        return self.ratio


def report(bed: Bed, metric: Any) -> None:
    def step(values: tf.Tensor) -> None:
        metric.update_state(values)

    bed.run(step, rows(bed))
    bed.claim(metric.result(), value=mean_of_all(bed))


@scenario(sites=("in_scope",), modes=("function",))
@breaks(
    "counted_per_replica",
    when=lambda case: case.replicas > 1 and case.workers == 1,
    cure="reduce means with MEAN (see mean_of_means)",
)
@breaks(
    "wrong_value",
    when=lambda case: case.workers > 1,
    cure="reduce means with MEAN (see mean_of_means)",
)
def sum_of_means(bed: Bed) -> None:
    """The means of all replicas, reduced with SUM, are the mean of all rows."""
    reduced = bed.strategy.reduce("SUM", bed.run(tf.reduce_mean, rows(bed)), axis=None)
    bed.claim(reduced, value=mean_of_all(bed))


@scenario(sites=("in_scope",), modes=("function",))
def mean_of_means(bed: Bed) -> None:
    """The means of equal batches, reduced with MEAN, are the mean of all rows."""
    reduced = bed.strategy.reduce("MEAN", bed.run(tf.reduce_mean, rows(bed)), axis=None)
    bed.claim(reduced, value=mean_of_all(bed))


@scenario(sites=("in_scope",), modes=("function",))
@breaks(
    "wrong_value",
    when=lambda case: case.replicas > 1,
    cure="reduce parts of a mean with SUM",
)
def mean_of_parts(bed: Bed) -> None:
    """What compute_average_loss returns, reduced with MEAN, is the mean of all rows."""
    reduced = bed.strategy.reduce("MEAN", bed.run(tf.nn.compute_average_loss, rows(bed)), axis=None)
    bed.claim(reduced, value=mean_of_all(bed))


@scenario(sites=("in_scope",), modes=("function",))
@breaks("wrong_value", when=lambda case: case.workers > 1, keras="<3", cure=ADD)
@breaks("counted_per_replica", when=lambda case: case.replicas > 1, cure=ADD)
def assigned_ratio(bed: Bed) -> None:
    """A metric of Keras that assigns its weight reports the mean of all replicas."""
    report(bed, bed.make(Ratio))


@scenario(
    sites=("in_scope",),
    modes=("function",),
    strategies=("mirrored", "multi_worker_mirrored"),
)
@breaks("counted_per_replica", when=lambda case: case.replicas > 1 and case.workers == 1, cure=ADD)
@breaks("wrong_value", when=lambda case: case.workers > 1, cure=ADD)
def assigned_ratio_of_tf_keras(bed: Bed) -> None:
    """A metric of tf_keras that assigns its weight reports the mean of all replicas."""
    report(bed, bed.make(TfKerasRatio))


if __name__ == "__main__":
    run_script()
