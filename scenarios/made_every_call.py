"""Made on every call: a function makes the variable that it keeps its state in."""

from collections.abc import Callable

import tensorflow as tf

from testbed import Bed, breaks, run_script, scenario

GROUP = "what people do"

made: list[tf.Variable] = []
kept: dict[str, tf.Variable] = {}


def count() -> tf.Tensor:
    calls = tf.Variable(0.0, aggregation=tf.VariableAggregation.MEAN)
    made.append(calls)
    return calls.assign_add(1.0)


def count_with_guard() -> tf.Tensor:
    if "calls" not in kept:
        kept["calls"] = tf.Variable(0.0, aggregation=tf.VariableAggregation.MEAN)
    return kept["calls"].assign_add(1.0)


def counting(calls: tf.Variable) -> Callable[[], tf.Tensor]:
    def count_with_argument() -> tf.Tensor:
        return calls.assign_add(1.0)

    return count_with_argument


@scenario(sites=("in_replica",))
@breaks(
    "rejected",
    error="tf.function only supports singleton tf.Variables created on the first call",
    mode="function",
    cure="create it before the step, inside strategy.scope()",
)
@breaks("wrong_value", cure="create it before the step, inside strategy.scope()")
def state(bed: Bed) -> None:
    """The variable that a replica function makes keeps its value until the next call."""
    bed.claim(bed.run(count, times=3), value=3.0)


@scenario(sites=("in_replica",), modes=("eager",), strategies=("default", "mirrored"))
@breaks("not_shared", cure="create it before the step, inside strategy.scope()")
def identity(bed: Bed) -> None:
    """The variable of the last call is the variable of the first."""
    bed.run(count, times=3)
    bed.claim(made[-1], same_as=made[0])


@scenario(
    sites=("in_replica",), modes=("function",), strategies=("mirrored", "multi_worker_mirrored")
)
@breaks(
    "rejected",
    error="You must feed a value for placeholder tensor",
    when=lambda case: case.workers > 1 and case.replicas_per_worker > 1,
    cure="create it before the step, inside strategy.scope()",
)
def state_with_guard(bed: Bed) -> None:
    """A variable that a replica function makes on its first call alone keeps its value."""
    bed.claim(bed.run(count_with_guard, times=3), value=3.0)


@scenario(sites=("in_scope",), modes=("function",))
def state_made_before(bed: Bed) -> None:
    """A variable that is made before the step keeps its value until the next call."""
    calls = bed.make(lambda: tf.Variable(0.0, aggregation=tf.VariableAggregation.MEAN))
    bed.claim(bed.run(counting(calls), times=3), value=3.0)


if __name__ == "__main__":
    run_script()
