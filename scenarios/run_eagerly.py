"""`tf.config.run_functions_eagerly(True)`: what makes an error of tf.function go away."""

import tensorflow as tf

from testbed import Bed, breaks, run_script, scenario

GROUP = "what people do"

seen: list[str] = []


def count() -> tf.Tensor:
    """tf.function refuses this one: it makes a variable on every call."""
    calls = tf.Variable(0.0, aggregation=tf.VariableAggregation.MEAN)
    return calls.assign_add(1.0)


def log() -> None:
    seen.append("step")


@scenario(sites=("in_replica",), modes=("function",), strategies=("default", "mirrored"))
@breaks(
    "rejected",
    error="tf.function only supports singleton tf.Variables created on the first call",
    cure="create the variable before the step, inside strategy.scope()",
)
def without(bed: Bed) -> None:
    """A step that makes its own variable keeps its value until the next call."""
    bed.claim(bed.run(count, times=3), value=3.0)


@scenario(sites=("in_replica",), modes=("function",))
@breaks("wrong_value", cure="create the variable before the step, inside strategy.scope()")
def as_a_fix(bed: Bed) -> None:
    """A step that tf.function refused does what was meant when functions run eagerly."""
    tf.config.run_functions_eagerly(True)
    bed.claim(bed.run(count, times=3), value=3.0)


@scenario(sites=("in_scope",), modes=("function",))
def state_made_before(bed: Bed) -> None:
    """A variable that is made before the step keeps its value, however functions run."""
    tf.config.run_functions_eagerly(True)
    calls = bed.make(lambda: tf.Variable(0.0, aggregation=tf.VariableAggregation.MEAN))
    bed.claim(bed.run(lambda: calls.assign_add(1.0), times=3), value=3.0)


@scenario(sites=("in_replica",), modes=("function",))
@breaks(
    "counted_per_replica",
    when=lambda case: case.replicas_per_worker > 1,
    cure="do it in the training loop, next to strategy.run",
)
def side_effect(bed: Bed) -> None:
    """Python in a step happens once a step when functions run eagerly."""
    tf.config.run_functions_eagerly(True)
    bed.run(log, times=3)
    bed.claim(len(seen), value=3)


if __name__ == "__main__":
    run_script()
