"""Uneven data: workers whose loops end after different numbers of steps."""

import tensorflow as tf

from testbed import Bed, breaks, run_script, scenario

GROUP = "what people do"


def own_numbers(worker: int) -> tf.data.Dataset:
    """What lies on a worker's disk: the first one has four batches, the others have two."""
    return tf.data.Dataset.from_tensor_slices([1.0] * (4 if worker == 0 else 2))


def numbers_of_all(bed: Bed) -> int:
    return 4 + 2 * (bed.case.workers - 1)


def create_seen() -> tf.Variable:
    return tf.Variable(0.0, aggregation=tf.VariableAggregation.SUM)


def create_steps() -> tf.Variable:
    return tf.Variable(0.0, aggregation=tf.VariableAggregation.MEAN)


@scenario(
    sites=("in_scope",),
    modes=("function",),
    strategies=("multi_worker_mirrored",),
    timeout=4.0,
)
@breaks(
    "hang",
    when=lambda case: case.workers > 1,
    cure="let the strategy distribute the datasets (see distributed), or fix the steps (see fixed)",
)
def plain_loop(bed: Bed) -> None:
    """Every worker loops over its own dataset, and the sum counts what all of them saw."""
    seen = bed.make(create_seen)

    def step(number: tf.Tensor) -> None:
        # All replicas of a worker see the same number, so each of them adds its part of it.
        seen.assign_add(number / bed.case.replicas_per_worker)

    for number in own_numbers(bed.worker):
        bed.run(step, number)
    bed.claim(seen, value=float(numbers_of_all(bed)))


@scenario(sites=("in_scope",), modes=("function",))
def distributed(bed: Bed) -> None:
    """The strategy loops over every worker's own dataset, and the sum counts what all saw."""
    seen = bed.make(create_seen)
    batches = bed.strategy.distribute_datasets_from_function(
        lambda context: own_numbers(context.input_pipeline_id).batch(1)
    )

    def step(numbers: tf.Tensor) -> None:
        seen.assign_add(tf.reduce_sum(numbers))

    for batch in batches:
        bed.run(step, batch)
    bed.claim(seen, value=float(numbers_of_all(bed)))


@scenario(sites=("in_scope",), modes=("function",))
def fixed(bed: Bed) -> None:
    """Every worker takes a number of steps that all agree on, from a dataset that repeats."""
    steps = bed.make(create_steps)
    numbers = iter(own_numbers(bed.worker).repeat())

    def step(number: tf.Tensor) -> None:
        steps.assign_add(number)

    for _ in range(3):
        bed.run(step, next(numbers))
    bed.claim(steps, value=3.0)


@scenario(
    sites=("in_scope",),
    modes=("eager",),
    strategies=("multi_worker_mirrored",),
    timeout=4.0,
)
@breaks(
    "hang",
    when=lambda case: case.workers > 1,
    cure="decide by a loss that is reduced over all replicas (see stopped_by_mean_loss)",
)
def stopped_by_own_loss(bed: Bed) -> None:
    """Each worker can stop training as soon as its own loss is below 1."""
    steps = bed.make(create_steps)
    loss = 4.0
    while loss >= 1.0:
        bed.run(lambda: steps.assign_add(1.0))
        # The losses of later workers fall faster.
        loss /= 2.0 + bed.worker
    bed.claim(loss < 1.0, value=True)


@scenario(sites=("in_scope",), modes=("eager",))
def stopped_by_mean_loss(bed: Bed) -> None:
    """All workers can stop training as soon as the mean of their losses is below 1."""
    steps = bed.make(create_steps)

    def step(loss: tf.Tensor) -> tf.Tensor:
        steps.assign_add(1.0)
        return loss / 2.0

    losses = bed.data(lambda replica: 4.0 + 0.01 * replica)
    while bed.strategy.reduce("MEAN", losses, axis=None) >= 1.0:
        losses = bed.run(step, losses)
    bed.claim(steps, value=3.0)


if __name__ == "__main__":
    run_script()
