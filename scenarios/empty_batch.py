"""An empty batch: the last batch of a dataset has less than an element for every replica."""

from typing import Any

import tensorflow as tf

from testbed import Bed, breaks, run_script, scenario

GROUP = "what people do"

PER_REPLICA = 2


def batches(bed: Bed, size: int, drop_remainder: bool = False) -> Any:
    """The numbers 1 to size in batches of two for every replica, distributed."""
    numbers = tf.data.Dataset.range(1, size + 1).map(lambda number: tf.cast(number, tf.float32))
    batched = numbers.batch(PER_REPLICA * bed.case.replicas, drop_remainder=drop_remainder)
    return bed.strategy.experimental_distribute_dataset(batched)


def mean_of_means(bed: Bed, batch: Any) -> Any:
    return bed.strategy.reduce("mean", bed.run(tf.reduce_mean, batch), axis=None)


def mean_by_count(bed: Bed, batch: Any) -> Any:
    def sum_and_count(numbers: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        return tf.reduce_sum(numbers), tf.size(numbers, out_type=tf.float32)

    total, count = bed.run(sum_and_count, batch)
    reduce = bed.strategy.reduce
    return reduce("sum", total, axis=None) / reduce("sum", count, axis=None)


@scenario(sites=("outside_scope",), modes=("eager",))
@breaks(
    "wrong_value",
    when=lambda case: case.replicas > 1,
    cure="batch(..., drop_remainder=True), or reduce sums and counts and divide those",
)
def mean_of_one_element(bed: Bed) -> None:
    """The mean over all replicas of a last batch of one element is that element."""
    size = PER_REPLICA * bed.case.replicas + 1
    for batch in batches(bed, size):
        mean = mean_of_means(bed, batch)
    bed.claim(mean, value=float(size))


@scenario(sites=("outside_scope",), modes=("eager",))
@breaks(
    "wrong_value",
    when=lambda case: case.replicas > 1,
    cure="batch(..., drop_remainder=True), or reduce sums and counts and divide those",
)
def mean_of_uneven_batch(bed: Bed) -> None:
    """The mean over all replicas of a batch that lacks one element is the mean of the rest."""
    size = PER_REPLICA * bed.case.replicas - 1
    for batch in batches(bed, size):
        mean = mean_of_means(bed, batch)
    bed.claim(mean, value=(size + 1) / 2)


@scenario(sites=("in_scope",))
@breaks(
    "wrong_value",
    when=lambda case: case.replicas > 1,
    cure="batch(..., drop_remainder=True): one NaN is in every replica's weight for good",
)
def trained_on_one_element(bed: Bed) -> None:
    """A weight that follows the mean of each batch ends at that of the last one."""
    weight = bed.make(lambda: tf.Variable(0.0, aggregation=tf.VariableAggregation.MEAN))
    size = PER_REPLICA * bed.case.replicas + 1

    def follow(numbers: tf.Tensor) -> None:
        weight.assign_add(tf.reduce_mean(numbers) - weight)

    for batch in batches(bed, size):
        bed.run(follow, batch)
    bed.claim(weight, value=float(size))


@scenario(sites=("outside_scope",), modes=("eager",))
def mean_without_remainder(bed: Bed) -> None:
    """With drop_remainder, the mean over all replicas is the mean of every batch there is."""
    size = PER_REPLICA * bed.case.replicas
    means = [mean_of_means(bed, batch) for batch in batches(bed, size + 1, drop_remainder=True)]
    bed.claim([float(mean) for mean in means], value=[(size + 1) / 2])


@scenario(sites=("outside_scope",), modes=("eager",))
def mean_of_sums_by_counts(bed: Bed) -> None:
    """The sum of all replicas by their count is the mean, of an uneven batch and of one element."""
    full = PER_REPLICA * bed.case.replicas
    for size, mean in ((full + 1, full + 1.0), (full - 1, full / 2)):
        for batch in batches(bed, size):
            found = mean_by_count(bed, batch)
        bed.claim(found, value=mean)


if __name__ == "__main__":
    run_script()
