"""Returned: `create()` returns the object, and the caller uses it."""

import tensorflow as tf

from testbed import Bed, breaks, run_script, scenario

GROUP = "ways of sharing"


def create_constant() -> tf.Tensor:
    return tf.constant([1.0, 2.0])


def create_weight() -> tf.Variable:
    return tf.Variable([1.0, 2.0], name="weight")


def create_counter() -> tf.Variable:
    return tf.Variable(0.0, aggregation=tf.VariableAggregation.MEAN)


@scenario()
def constant(bed: Bed) -> None:
    """A returned constant is the same on every replica, wherever it was made."""
    made = bed.make(create_constant)
    doubled = bed.run(lambda: made * 2.0)
    bed.claim(made, value=[1.0, 2.0])
    bed.claim(doubled, value=[2.0, 4.0])


@scenario()
@breaks(
    "misplaced",
    site="outside_scope",
    when=lambda case: case.strategy == "one_device",
)
@breaks(
    "not_mirrored",
    site="outside_scope",
    when=lambda case: case.replicas > 1,
)
def variable(bed: Bed) -> None:
    """A variable that a factory returns has a copy on every replica."""
    weight = bed.make(create_weight)
    tripled = bed.run(lambda: weight * 3.0)
    bed.claim(weight, value=[1.0, 2.0], mirrored=True)
    bed.claim(tripled, value=[3.0, 6.0])


@scenario()
@breaks(
    "counted_per_replica",
    site="outside_scope",
    when=lambda case: case.replicas_per_worker > 1,
)
def counter(bed: Bed) -> None:
    """A counter counts steps, however many replicas take them."""
    steps = bed.make(create_counter)
    bed.run(lambda: steps.assign_add(1.0), times=5)
    bed.claim(steps, value=5.0)


if __name__ == "__main__":
    run_script()
