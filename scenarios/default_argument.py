"""A default argument: the function's signature holds the variable, and callers pass nothing."""

import inspect
from collections.abc import Callable
from typing import Any

import tensorflow as tf

from testbed import Bed, breaks, run_script, scenario

GROUP = "ways of sharing"


# A default is evaluated where the function is defined: here at import, before any scope.
def count_by_default(
    steps: tf.Variable = tf.Variable(0.0, aggregation=tf.VariableAggregation.MEAN),  # noqa: B008
) -> None:
    steps.assign_add(1.0)


def define() -> Callable[[], None]:
    def count(
        steps: tf.Variable = tf.Variable(0.0, aggregation=tf.VariableAggregation.MEAN),  # noqa: B008
    ) -> None:
        steps.assign_add(1.0)

    return count


def default_of(function: Callable[..., Any]) -> tf.Variable:
    return inspect.signature(function).parameters["steps"].default


def create_two() -> tuple[tf.Variable, tf.Variable]:
    mean = tf.VariableAggregation.MEAN
    return tf.Variable(1.0, aggregation=mean), tf.Variable(2.0, aggregation=mean)


@scenario()
@breaks(
    "counted_per_replica",
    site="outside_scope",
    when=lambda case: case.replicas_per_worker > 1,
)
def counter(bed: Bed) -> None:
    """A counter counts steps, however many replicas take them."""
    count = bed.make(define)
    bed.run(count, times=5)
    bed.claim(default_of(count), value=5.0)


@scenario(sites=("outside_scope",), modes=("eager",))
@breaks(
    "counted_per_replica",
    when=lambda case: case.replicas_per_worker > 1,
    cure="default to None, and make the variable inside strategy.scope()",
)
def counter_of_module_function(bed: Bed) -> None:
    """A counter that is a function's default counts steps where the scope calls the function."""
    with bed.strategy.scope():
        bed.run(count_by_default, times=5)
    bed.claim(default_of(count_by_default), value=5.0)


@scenario(sites=("in_scope",), modes=("eager",))
@breaks(
    "wrong_value",
    when=lambda case: case.strategy in ("mirrored", "multi_worker_mirrored"),
    cure="close over the variable, or pass a tf.Module: mirrored variables of one shape and dtype"
    " share a trace, and the trace keeps the first of them",
)
def overridden(bed: Bed) -> None:
    """A tf.function that gets another variable than its default uses the one it got."""
    usual, other = bed.make(create_two)

    def read(weight: tf.Variable = usual) -> tf.Tensor:
        return weight + 0.0

    compiled = tf.function(read)
    bed.claim(compiled(), value=1.0)
    bed.claim(compiled(other), value=2.0)


@scenario(sites=("in_scope",), modes=("eager",))
def overridden_in_plain_function(bed: Bed) -> None:
    """A plain function that gets another variable than its default uses the one it got."""
    usual, other = bed.make(create_two)

    def read(weight: tf.Variable = usual) -> tf.Tensor:
        return weight + 0.0

    bed.claim(read(), value=1.0)
    bed.claim(read(other), value=2.0)


if __name__ == "__main__":
    run_script()
