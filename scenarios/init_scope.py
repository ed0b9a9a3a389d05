"""`tf.init_scope`: what a traced function makes in it is made eagerly, outside the trace."""

import tensorflow as tf

from testbed import Bed, breaks, run_script, scenario

GROUP = "ways of sharing"

steps: tf.Variable = None


def create() -> tf.Variable:
    with tf.init_scope():
        return tf.Variable(0.0, aggregation=tf.VariableAggregation.MEAN)


def create_once() -> None:
    global steps
    with tf.init_scope():
        if steps is None:
            steps = tf.Variable(0.0, aggregation=tf.VariableAggregation.MEAN)


def create_from(start: tf.Tensor) -> None:
    global steps
    with tf.init_scope():
        if steps is None:
            steps = tf.Variable(start, aggregation=tf.VariableAggregation.MEAN)


@scenario()
@breaks(
    "counted_per_replica",
    site="outside_scope",
    when=lambda case: case.replicas_per_worker > 1,
)
def counter(bed: Bed) -> None:
    """A counter counts steps, however many replicas take them."""
    made = bed.make(create)
    bed.run(lambda: made.assign_add(1.0), times=5)
    bed.claim(made, value=5.0)


@scenario(sites=("in_replica",))
def made_once_in_step(bed: Bed) -> None:
    """A counter that a step makes in init_scope, once, is mirrored and counts steps."""

    def count() -> None:
        create_once()
        steps.assign_add(1.0)

    for _ in range(5):
        bed.make(count)
    bed.claim(steps, value=5.0, mirrored=True)


@scenario(sites=("in_replica",), modes=("function",))
@breaks(
    "rejected",
    error="tf.function only supports singleton tf.Variables created on the first call",
    cure="make it only where there is none yet, as made_once_in_step does",
)
def made_in_each_trace(bed: Bed) -> None:
    """A step may make a variable in init_scope whenever it is traced, as that is no trace."""

    def count() -> None:
        global steps
        steps = create()
        steps.assign_add(1.0)

    bed.make(count)
    bed.claim(steps, value=1.0)


@scenario(sites=("in_replica",), strategies=("default", "mirrored"))
@breaks("symbolic_leak", mode="function", cure="give init_scope what was computed before the trace")
def made_from_argument(bed: Bed) -> None:
    """A variable that a step makes in init_scope starts with the value of an argument."""
    bed.make(create_from, bed.data(lambda replica: 3.0))
    bed.claim(steps, value=3.0)


@scenario(sites=("in_scope",))
@breaks(
    "frozen_in_trace",
    mode="function",
    cure="assign outside init_scope, as counter does: what is in it runs when tracing, once",
)
def assigned_in_step(bed: Bed) -> None:
    """An assignment that a step makes in init_scope is made in every step."""
    made = bed.make(create)

    def count() -> None:
        with tf.init_scope():
            made.assign_add(1.0)

    bed.run(count, times=5)
    bed.claim(made, value=5.0, stale=1.0)


if __name__ == "__main__":
    run_script()
