"""Data: an iterator or a batch that the step uses, and datasets that the strategy distributes."""

from collections.abc import Iterable
from typing import Any

import tensorflow as tf

from testbed import Bed, breaks, run_script, scenario

GROUP = "kinds of object"


def numbers() -> tf.data.Dataset:
    return tf.data.Dataset.range(8)


def counted(batch: tf.Tensor) -> tf.Tensor:
    """How often each of the numbers is in a batch."""
    return tf.reduce_sum(tf.one_hot(batch, 8), axis=0)


def times_seen(bed: Bed, batches: Iterable[Any]) -> tf.Tensor:
    """How often all replicas together see each of the numbers."""
    seen = tf.zeros(8)
    for batch in batches:
        seen += bed.strategy.reduce("SUM", bed.run(counted, batch), axis=None)
    return seen


@scenario(sites=("outside_scope",), modes=("function",))
@breaks(
    "counted_per_replica",
    when=lambda case: case.replicas_per_worker > 1,
    cure="call next() outside, on an iterator of a distributed dataset (see next_outside_step)",
)
def plain_iterator(bed: Bed) -> None:
    """A step that calls next() on an iterator takes one element from it."""
    iterator = iter(numbers())
    bed.run(lambda: next(iterator), times=3)
    bed.claim(int(next(iterator)), value=3)


@scenario(sites=("outside_scope",), modes=("function",))
@breaks(
    "rejected",
    error="next(iterator) should be called from outside of replica_fn",
    when=lambda case: case.strategy != "default",
    cure="call next() outside, and pass what it gives to strategy.run (see next_outside_step)",
)
def distributed_iterator(bed: Bed) -> None:
    """A step can call next() on the iterator of a distributed dataset."""
    distributed = bed.strategy.experimental_distribute_dataset(numbers().batch(4))
    iterator = iter(distributed)
    sums = bed.run(lambda: tf.reduce_sum(next(iterator)))
    bed.claim(bed.strategy.reduce("SUM", sums, axis=None), value=0 + 1 + 2 + 3)


@scenario(sites=("outside_scope",), modes=("function",))
def next_outside_step(bed: Bed) -> None:
    """Each next() of a distributed iterator gives the replicas one batch, divided among them."""
    iterator = iter(bed.strategy.experimental_distribute_dataset(numbers().batch(4)))
    sums = bed.run(lambda batch: tf.reduce_sum(batch), next(iterator))
    bed.claim(bed.strategy.reduce("SUM", sums, axis=None), value=0 + 1 + 2 + 3)


@scenario(sites=("outside_scope",), modes=("function",))
@breaks(
    "wrong_value",
    when=lambda case: case.replicas > 1,
    cure="distribute it with strategy.experimental_distribute_dataset (see distributed_batches)",
)
def plain_batches(bed: Bed) -> None:
    """The replicas together see every number of a plain dataset once."""
    bed.claim(times_seen(bed, numbers().batch(4)), value=[1.0] * 8)


@scenario(sites=("outside_scope",), modes=("function",))
def distributed_batches(bed: Bed) -> None:
    """The replicas together see every number of a distributed dataset once."""
    batches = bed.strategy.experimental_distribute_dataset(numbers().batch(4))
    bed.claim(times_seen(bed, batches), value=[1.0] * 8)


@scenario(sites=("outside_scope",), modes=("function",))
@breaks(
    "wrong_value",
    when=lambda case: case.workers > 1,
    cure="leave auto-sharding on, or shard the dataset yourself",
)
def auto_shard_off(bed: Bed) -> None:
    """With auto-sharding off, the replicas together still see every element once."""
    options = tf.data.Options()
    options.experimental_distribute.auto_shard_policy = tf.data.experimental.AutoShardPolicy.OFF
    dataset = numbers().batch(4).with_options(options)
    batches = bed.strategy.experimental_distribute_dataset(dataset)
    bed.claim(times_seen(bed, batches), value=[1.0] * 8)


@scenario(sites=("outside_scope",), modes=("function",))
@breaks(
    "wrong_value",
    when=lambda case: case.workers > 1,
    cure="shard it by the context that the function is given (see from_function_by_context)",
)
def from_function(bed: Bed) -> None:
    """The replicas together see every number of a dataset from a function once."""
    batches = bed.strategy.distribute_datasets_from_function(lambda context: numbers().batch(2))
    bed.claim(times_seen(bed, batches), value=[1.0] * 8)


@scenario(sites=("outside_scope",), modes=("function",))
def from_function_by_context(bed: Bed) -> None:
    """Sharded by its context, a dataset from a function is seen once by the replicas together."""

    def shard(context: Any) -> tf.data.Dataset:
        return numbers().shard(context.num_input_pipelines, context.input_pipeline_id).batch(2)

    batches = bed.strategy.distribute_datasets_from_function(shard)
    bed.claim(times_seen(bed, batches), value=[1.0] * 8)


@scenario(sites=("outside_scope",), modes=("function",))
@breaks(
    "wrong_value",
    when=lambda case: case.workers > 1,
    cure="shard before shuffling (see shard_before_shuffle), or shuffle by one seed on all workers",
)
def shuffle_before_shard(bed: Bed) -> None:
    """Workers that each shuffle by another seed, and then shard, see every number once."""

    def shard(context: Any) -> tf.data.Dataset:
        part = context.input_pipeline_id
        return numbers().shuffle(8, seed=part).shard(context.num_input_pipelines, part).batch(2)

    batches = bed.strategy.distribute_datasets_from_function(shard)
    bed.claim(times_seen(bed, batches), value=[1.0] * 8)


@scenario(sites=("outside_scope",), modes=("function",))
def shard_before_shuffle(bed: Bed) -> None:
    """Workers that shard, and then shuffle their parts, see every number once."""

    def shard(context: Any) -> tf.data.Dataset:
        part = context.input_pipeline_id
        data = numbers().shard(context.num_input_pipelines, part)
        return data.shuffle(8, seed=part).batch(2)

    batches = bed.strategy.distribute_datasets_from_function(shard)
    bed.claim(times_seen(bed, batches), value=[1.0] * 8)


if __name__ == "__main__":
    run_script()
