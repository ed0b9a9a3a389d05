"""A module global: assigned in one function through `global`, read in others."""

import tensorflow as tf

from testbed import Bed, breaks, run_script, scenario

steps: tf.Variable


def create() -> None:
    global steps
    steps = tf.Variable(0.0, aggregation=tf.VariableAggregation.MEAN)


@scenario()
@breaks(
    "counted_per_replica",
    when=lambda case: case.site == "outside_scope" and case.replicas_per_worker > 1,
)
def counter(bed: Bed) -> None:
    """A counter counts steps, however many replicas take them."""
    bed.make(create)
    bed.run(lambda: steps.assign_add(1.0), times=5)
    bed.claim(steps, value=5.0)


if __name__ == "__main__":
    run_script()
