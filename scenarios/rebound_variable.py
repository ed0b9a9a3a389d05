"""A rebound variable: `v = v + 1` puts a tensor where the variable was."""

import tensorflow as tf

from testbed import Bed, breaks, run_script, scenario

GROUP = "what people do"

steps: tf.Variable


def create() -> tf.Variable:
    global steps
    steps = tf.Variable(1.0, aggregation=tf.VariableAggregation.MEAN)
    return steps


def add_and_rebind() -> None:
    global steps
    steps = steps + 1.0


def add_in_place() -> None:
    global steps
    steps += 1.0


@scenario(sites=("in_scope",), modes=("eager",))
@breaks(
    "counted_per_replica",
    when=lambda case: case.replicas_per_worker > 1,
    cure="steps.assign_add(1.0)",
)
def counted_by_rebinding(bed: Bed) -> None:
    """A step that does `steps = steps + 1` counts steps."""
    bed.make(create)
    bed.run(add_and_rebind, times=5)
    bed.claim(steps, value=6.0, start=1.0)


@scenario(sites=("in_scope",))
@breaks("symbolic_leak", mode="function", cure="steps.assign_add(1.0)")
@breaks("not_shared", cure="steps.assign_add(1.0)")
def kept_by_rebinding(bed: Bed) -> None:
    """After `steps = steps + 1`, the name still holds the variable."""
    made = bed.make(create)
    bed.run(add_and_rebind)
    bed.claim(steps, same_as=made)


@scenario(modes=("eager",))
@breaks(
    "rejected",
    error="`variable += value` with `tf.Variable`s is not supported",
    site="outside_scope",
    cure="steps.assign_add(1.0)",
)
@breaks(
    "rejected",
    error="`variable += value` with `tf.Variable`s is not supported",
    when=lambda case: case.strategy in ("default", "one_device"),
    cure="steps.assign_add(1.0)",
)
@breaks("not_shared", cure="steps.assign_add(1.0)")
def kept_by_adding_in_place(bed: Bed) -> None:
    """After `steps += 1`, the name still holds the variable."""
    made = bed.make(create)
    bed.run(add_in_place)
    bed.claim(steps, same_as=made)


@scenario(sites=("in_scope",))
def assigned(bed: Bed) -> None:
    """After `steps.assign_add(1)`, the name still holds the variable, which counts steps."""
    made = bed.make(create)
    bed.run(lambda: steps.assign_add(1.0), times=5)
    bed.claim(steps, same_as=made, value=6.0, start=1.0, mirrored=True)


if __name__ == "__main__":
    run_script()
