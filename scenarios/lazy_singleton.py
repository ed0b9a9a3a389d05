"""A lazy singleton: the function that is asked first makes the variable, the others get it."""

import functools
from typing import Any

import tensorflow as tf

from testbed import Bed, breaks, run_script, scenario

GROUP = "ways of sharing"

steps: tf.Variable = None


def get_steps() -> tf.Variable:
    global steps
    if steps is None:
        steps = tf.Variable(0.0, aggregation=tf.VariableAggregation.MEAN)
    return steps


@functools.cache
def get_cached_steps() -> tf.Variable:
    return tf.Variable(0.0, aggregation=tf.VariableAggregation.MEAN)


def get_steps_of(strategy: Any) -> tf.Variable:
    # The guard enters the scope for whoever comes first.
    global steps
    if steps is None:
        with strategy.scope():
            steps = tf.Variable(0.0, aggregation=tf.VariableAggregation.MEAN)
    return steps


class Model(tf.Module):
    """Makes its counter when it is called first, as many models make their weights."""

    def __init__(self) -> None:
        super().__init__()
        self.calls: tf.Variable = None
        self.compiled = tf.function(self.plain)

    def plain(self, inputs: tf.Tensor) -> tf.Tensor:
        if self.calls is None:
            self.calls = tf.Variable(0.0, aggregation=tf.VariableAggregation.MEAN)
        self.calls.assign_add(1.0)
        return inputs


def count() -> None:
    get_steps().assign_add(1.0)


@scenario()
@breaks(
    "counted_per_replica",
    site="outside_scope",
    when=lambda case: case.replicas_per_worker > 1,
    cure="enter strategy.scope() within the guard, as guard_enters_scope does",
)
def counter(bed: Bed) -> None:
    """A counter counts steps, however many replicas take them."""
    bed.make(get_steps)
    bed.run(count, times=5)
    bed.claim(get_steps(), value=5.0)


@scenario(sites=("outside_scope",), modes=("eager",))
@breaks(
    "counted_per_replica",
    when=lambda case: case.replicas_per_worker > 1,
    cure="have no caller before the scope, or enter strategy.scope() within the function",
)
def cached_before_scope(bed: Bed) -> None:
    """A counter of a cached function counts steps where the scope asks for it."""
    bed.make(get_cached_steps)  # someone prints it, say, before the training begins
    with bed.strategy.scope():
        cached = get_cached_steps()
    bed.run(lambda: cached.assign_add(1.0), times=5)
    bed.claim(cached, value=5.0)


@scenario(sites=("outside_scope",))
def guard_enters_scope(bed: Bed) -> None:
    """A counter whose guard enters the scope counts steps, wherever it is asked for first."""
    bed.make(get_steps_of, bed.strategy)
    bed.run(lambda: get_steps_of(bed.strategy).assign_add(1.0), times=5)
    bed.claim(get_steps_of(bed.strategy), value=5.0)


@scenario(sites=("in_replica",))
@breaks(
    "rejected",
    error="You must feed a value for placeholder tensor",
    mode="function",
    when=lambda case: case.workers > 1 and case.replicas_per_worker > 1,
    cure="ask for it before the step is traced, inside strategy.scope(), or make it in init_scope",
)
def first_asked_in_step(bed: Bed) -> None:
    """A counter that the first step asks for first counts steps, and the first one too."""
    for _ in range(5):
        bed.make(count)
    bed.claim(get_steps(), value=5.0, mirrored=True)


@scenario(modes=("eager",))
@breaks(
    "counted_per_replica",
    site="outside_scope",
    when=lambda case: case.replicas_per_worker > 1,
)
@breaks(
    "rejected",
    error="`merge_call` called while defining a new graph or a tf.function",
    site="in_scope",
    when=lambda case: case.strategy in ("mirrored", "multi_worker_mirrored"),
    cure="call a plain function in strategy.run, and compile around it, as warmed_up_plain does",
)
def warmed_up(bed: Bed) -> None:
    """A compiled model that a first call warmed up counts its calls by the step."""
    model = Model()
    bed.make(model.compiled, tf.ones([1]))
    bed.run(lambda: model.compiled(tf.ones([1])), times=5)
    bed.claim(model.calls, value=6.0, start=1.0)


@scenario(sites=("in_scope",), modes=("function",))
def warmed_up_plain(bed: Bed) -> None:
    """A model that a first call in the scope warmed up counts its calls by the step."""
    model = Model()
    bed.make(model.plain, tf.ones([1]))
    bed.run(lambda: model.plain(tf.ones([1])), times=5)
    bed.claim(model.calls, value=6.0, start=1.0)


if __name__ == "__main__":
    run_script()
