"""Made on a later call: a step makes a variable when it first needs it."""

import tensorflow as tf

from testbed import Bed, breaks, run_script, scenario

GROUP = "what people do"

totals: dict[int, tf.Variable] = {}
extra: dict[str, tf.Variable] = {}

SHORT, LONG = 2, 3


def create_total(length: int) -> None:
    totals[length] = tf.Variable(tf.zeros([length]), aggregation=tf.VariableAggregation.SUM)


def create_all() -> None:
    create_total(SHORT)
    create_total(LONG)


def add(batch: tf.Tensor) -> tf.Tensor:
    """Adds to the total of its length, and makes that where it is not there yet."""
    length = batch.shape[0]
    if length not in totals:
        create_total(length)
    return totals[length].assign_add(batch)


def scale(batch: tf.Tensor) -> tf.Tensor:
    """Needs its factor only when a long batch comes."""
    if batch.shape[0] == LONG:
        if "factor" not in extra:
            extra["factor"] = tf.Variable(2.0)
        return batch * extra["factor"]
    return batch


def ones(bed: Bed, length: int) -> tf.Tensor:
    return bed.data(lambda replica: tf.ones([length]) * (replica + 1.0))


def sum_of(bed: Bed, length: int) -> list[float]:
    return [bed.case.replicas * (bed.case.replicas + 1) / 2] * length


@scenario(sites=("in_replica",))
@breaks(
    "rejected",
    error="You must feed a value for placeholder tensor",
    mode="function",
    when=lambda case: case.workers > 1 and case.replicas_per_worker > 1,
    cure="make the variables of all lengths inside strategy.scope() before the first step",
)
@breaks(
    "rejected",
    error="tf.function only supports singleton tf.Variables created on the first call",
    mode="function",
    cure="make the variables of all lengths inside strategy.scope() before the first step",
)
def for_another_shape(bed: Bed) -> None:
    """A step makes one variable for each shape that it meets."""
    bed.run(add, ones(bed, SHORT))
    bed.run(add, ones(bed, LONG))
    bed.claim(totals[LONG], value=sum_of(bed, LONG))


@scenario(sites=("in_scope",))
def for_every_shape_before(bed: Bed) -> None:
    """A step finds the variable of each shape when they were made before it."""
    bed.make(create_all)
    bed.run(add, ones(bed, SHORT))
    bed.run(add, ones(bed, LONG))
    bed.claim(totals[LONG], value=sum_of(bed, LONG))


@scenario(sites=("in_replica",), modes=("function",))
@breaks(
    "rejected",
    error="Creating variables on a non-first call to a function decorated with tf.function",
    cure="make it inside strategy.scope() before the first step, whether it is needed or not",
)
def when_first_needed(bed: Bed) -> None:
    """A step that made nothing on its first calls may make a variable on a later one."""
    bed.run(scale, tf.ones([SHORT]), times=2)
    bed.claim(bed.run(scale, tf.ones([LONG])), value=[2.0] * LONG)


if __name__ == "__main__":
    run_script()
