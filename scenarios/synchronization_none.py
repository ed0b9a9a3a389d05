"""Unsynchronised: a variable in which every replica is to keep a value of its own."""

import tensorflow as tf

from testbed import Bed, breaks, run_script, scenario

GROUP = "kinds of object"


def create_unsynchronised() -> tf.Variable:
    return tf.Variable(2.0, trainable=False, synchronization=tf.VariableSynchronization.NONE)


def create_synchronised_on_read() -> tf.Variable:
    # Without an aggregation nobody may read it outside strategy.run, where there is no one value.
    return tf.Variable(2.0, trainable=False, synchronization=tf.VariableSynchronization.ON_READ)


@scenario(modes=("function",))
@breaks(
    "replicas_diverge",
    site="outside_scope",
    when=lambda case: case.replicas_per_worker > 1,
    cure="create it inside strategy.scope() with synchronization=ON_READ",
)
@breaks(
    "rejected",
    site="in_scope",
    error="`NONE` variable synchronization mode is not supported with tf.distribute strategy",
    when=lambda case: case.strategy in ("mirrored", "multi_worker_mirrored"),
    cure="create it with synchronization=ON_READ, as with_on_read does",
)
def with_none(bed: Bed) -> None:
    """With synchronization=NONE, every replica reads what it wrote itself."""
    own = bed.make(create_unsynchronised)
    mine = bed.data(lambda replica: replica + 3.0)
    bed.run(lambda value: own.assign(value), mine)
    bed.claim(bed.run(lambda value: own - value, mine), value=0.0)


@scenario(sites=("in_scope",), modes=("function",))
def with_on_read(bed: Bed) -> None:
    """With synchronization=ON_READ, every replica reads what it wrote itself."""
    own = bed.make(create_synchronised_on_read)
    mine = bed.data(lambda replica: replica + 3.0)
    bed.run(lambda value: own.assign(value), mine)
    bed.claim(bed.run(lambda value: own - value, mine), value=0.0)


@scenario(sites=("in_scope",), modes=("eager",))
@breaks(
    "rejected",
    error="Could not convert from `tf.VariableAggregation` VariableAggregation.NONE",
    when=lambda case: case.replicas > 1,
    cure="read it inside strategy.run, or give it the aggregation that its value should have",
)
def read_outside_run(bed: Bed) -> None:
    """A variable that every replica keeps for itself can be read outside strategy.run."""
    own = bed.make(create_synchronised_on_read)
    bed.claim(own.numpy(), value=2.0)


if __name__ == "__main__":
    run_script()
