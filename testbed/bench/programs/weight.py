"""A weight of any size that every replica updates: one copy outside the scope, mirrored in it."""

from __future__ import annotations

from typing import Any

import tensorflow as tf

from testbed import scenario


@scenario(modes=("eager", "function"))
def update(bed: Any) -> None:
    """Every replica adds its own gradient to a weight."""
    elements = bed.sizes["elements"]
    weight = bed.make(
        lambda: tf.Variable(tf.zeros([elements]), aggregation=tf.VariableAggregation.MEAN)
    )
    gradients = bed.data(lambda replica: tf.fill([elements], replica + 1.0))

    def step(gradient: tf.Tensor) -> None:
        # Returns nothing, because a result is moved to the first device, which is no part of a
        # write.
        weight.assign_add(gradient)

    bed.run(step, gradients)
    bed.claim(weight)
