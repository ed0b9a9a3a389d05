"""A moving average of a weight: `tf.train.ExponentialMovingAverage`, and one made by hand."""

import tensorflow as tf

from testbed import Bed, breaks, run_script, scenario

GROUP = "kinds of object"

DECAY = 0.5


def create_weight() -> tf.Variable:
    return tf.Variable(0.0, name="weight", aggregation=tf.VariableAggregation.MEAN)


def create_average() -> tf.Variable:
    return tf.Variable(0.0, name="average", aggregation=tf.VariableAggregation.MEAN)


def in_scope(bed: Bed) -> tf.Variable:
    with bed.strategy.scope():
        return create_weight()


@scenario(modes=("function",))
@breaks(
    "wrong_value",
    site="outside_scope",
    when=lambda case: case.replicas_per_worker > 1,
    cure="create the average inside strategy.scope(), with aggregation=MEAN",
)
def by_hand(bed: Bed) -> None:
    """An average by hand goes half of the way to its weight in every step."""
    weight = in_scope(bed)
    average = bed.make(create_average)
    weight.assign(4.0)

    def step() -> None:
        average.assign(DECAY * average + (1 - DECAY) * weight)

    bed.run(step, times=2)
    bed.claim(average, value=3.0)


@scenario(modes=("function",))
@breaks(
    "rejected",
    error="'NoneType' object has no attribute 'extended'",
    site="outside_scope",
    when=lambda case: case.strategy == "one_device",
    tensorflow="<2.17",
    cure="create the weight inside the strategy.scope() that applies the average",
)
@breaks(
    "rejected",
    error="`colocate_vars_with` must only be passed a variable created in this",
    site="outside_scope",
    when=lambda case: case.strategy != "default",
    cure="create the weight inside the strategy.scope() that applies the average",
)
def in_step(bed: Bed) -> None:
    """ExponentialMovingAverage averages a weight in the step, wherever the weight was made."""
    weight = bed.make(create_weight)
    ema = tf.train.ExponentialMovingAverage(DECAY)
    with bed.strategy.scope():
        ema.apply([weight])
    weight.assign(4.0)

    def step() -> None:
        ema.apply([weight])

    bed.run(step, times=2)
    bed.claim(ema.average(weight), value=3.0, mirrored=True)


@scenario(modes=("eager",), strategies=("mirrored", "multi_worker_mirrored"))
@breaks(
    "rejected",
    error="tuple indices must be integers or slices",
    site="outside_scope",
    cure="call ema.apply inside strategy.scope(), or in the step",
)
def after_step(bed: Bed) -> None:
    """ExponentialMovingAverage averages a weight of the scope after the step, applied anywhere."""
    weight = in_scope(bed)
    ema = tf.train.ExponentialMovingAverage(DECAY)
    bed.make(ema.apply, [weight])
    # The mean of 4 (i + 1) / (R + 1) over all replicas is 2.
    pulls = bed.data(lambda replica: 4.0 * (replica + 1) / (bed.case.replicas + 1))
    for _ in range(2):
        bed.run(weight.assign_add, pulls)
        bed.make(ema.apply, [weight])
    bed.claim(ema.average(weight), value=2.5, mirrored=True)


if __name__ == "__main__":
    run_script()
