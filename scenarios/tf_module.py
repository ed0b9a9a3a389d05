"""A `tf.Module` owns the variable, and every function gets the module."""

import tensorflow as tf

from testbed import Bed, breaks, run_script, scenario

GROUP = "ways of sharing"


class Counter(tf.Module):
    def __init__(self) -> None:
        super().__init__()
        self.steps = tf.Variable(0.0, aggregation=tf.VariableAggregation.MEAN)


class Model(tf.Module):
    """Makes its weight once, and gives it to whoever asks."""

    def __init__(self) -> None:
        super().__init__()
        self.weight = tf.Variable(tf.random.normal([2]))


def first_use(model: Model) -> tf.Variable:
    return model.weight


def second_use(model: Model) -> tf.Variable:
    return model.weight


@scenario()
@breaks(
    "counted_per_replica",
    site="outside_scope",
    when=lambda case: case.replicas_per_worker > 1,
)
def counter(bed: Bed) -> None:
    """A counter counts steps, however many replicas take them."""
    owner = bed.make(Counter)
    bed.run(lambda: owner.steps.assign_add(1.0), times=5)
    bed.claim(owner.steps, value=5.0)


@scenario()
@breaks("workers_diverge", site="outside_scope", when=lambda case: case.workers > 1)
@breaks("not_mirrored", site="outside_scope", when=lambda case: case.replicas > 1)
@breaks(
    "misplaced",
    site="outside_scope",
    when=lambda case: case.strategy == "one_device",
)
def shared_weight(bed: Bed) -> None:
    """Two functions that ask the module for its weight get the identical, mirrored variable."""
    model = bed.make(Model)
    bed.claim(second_use(model), same_as=first_use(model), equal=True, mirrored=True)


if __name__ == "__main__":
    run_script()
