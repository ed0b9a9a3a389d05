"""Control flow: a step synchronises inside a branch, a loop or a tf.function of its own."""

from collections.abc import Callable
from typing import Any

import tensorflow as tf

from testbed import Bed, breaks, run_script, scenario

GROUP = "what people do"


def create() -> tf.Variable:
    return tf.Variable(1.0, aggregation=tf.VariableAggregation.MEAN)


def mean_over_replicas(value: tf.Tensor) -> tf.Tensor:
    return tf.distribute.get_replica_context().all_reduce("mean", value)


def add_mean(bed: Bed, step: Callable[[tf.Variable, tf.Tensor], Any]) -> None:
    """Run a step that should add the mean over replicas of i + 1 to a variable."""
    weight = bed.make(create)
    bed.run(lambda value: step(weight, value), bed.data(lambda replica: replica + 1.0))
    bed.claim(weight, value=1.0 + (bed.case.replicas + 1) / 2)


@scenario(sites=("in_scope",), modes=("function",))
@breaks(
    "rejected",
    error="`merge_call` called while defining a new graph or a tf.function",
    when=lambda case: case.strategy not in ("default", "one_device"),
    cure="choose what to assign with tf.where, or branch outside strategy.run",
)
def assigned_in_if(bed: Bed) -> None:
    """An `if` on a tensor, in a traced step, adds the mean to a variable of the scope."""

    def step(weight: tf.Variable, value: tf.Tensor) -> None:
        if value > 0.0:
            weight.assign_add(value)

    add_mean(bed, step)


@scenario(sites=("in_scope",))
@breaks(
    "rejected",
    error="`merge_call` called while defining a new graph or a tf.function",
    when=lambda case: case.strategy not in ("default", "one_device"),
    cure="decorate what calls strategy.run, rather than what strategy.run calls",
)
def assigned_in_nested_function(bed: Bed) -> None:
    """A tf.function that the step calls adds the mean to a variable of the scope."""

    def step(weight: tf.Variable, value: tf.Tensor) -> None:
        nested = tf.function(lambda added: weight.assign_add(added) * 1.0)
        nested(value)

    add_mean(bed, step)


@scenario(sites=("in_scope",), modes=("function",))
@breaks(
    "rejected",
    error="`merge_call` called while defining a new graph or a tf.function",
    when=lambda case: case.strategy not in ("default", "one_device"),
    cure="branch outside strategy.run: one step that accumulates, and one that also applies",
)
def applied_in_cond(bed: Bed) -> None:
    """A branch of tf.cond applies gradients, as steps that accumulate them do."""
    weight = bed.make(create)
    optimizer = bed.make(lambda: tf.keras.optimizers.SGD(1.0))
    bed.make(optimizer.build, [weight])

    def apply(gradient: tf.Tensor) -> tf.Tensor:
        optimizer.apply_gradients([(gradient / bed.case.replicas, weight)])
        return gradient

    def step(gradient: tf.Tensor) -> None:
        tf.cond(gradient > 0.0, lambda: apply(gradient), lambda: gradient)

    bed.run(step, bed.data(lambda replica: replica + 1.0))
    bed.claim(weight, value=1.0 - (bed.case.replicas + 1) / 2)


@scenario(sites=("in_scope",), modes=("function",))
@breaks(
    "rejected",
    error="`merge_call` called while defining a new graph or a tf.function",
    when=lambda case: case.strategy not in ("default", "one_device"),
    cure="loop outside strategy.run, or reduce once, after the loop",
)
def reduced_in_while(bed: Bed) -> None:
    """The body of a tf.while_loop reduces over all replicas."""

    def step(weight: tf.Variable, value: tf.Tensor) -> None:
        _, total = tf.while_loop(
            lambda turn, total: turn < 1,
            lambda turn, total: (turn + 1, total + mean_over_replicas(value)),
            (tf.constant(0), tf.constant(0.0)),
        )
        weight.assign_add(total)

    add_mean(bed, step)


@scenario(sites=("in_scope",), modes=("function",))
def chosen_by_where(bed: Bed) -> None:
    """Every step adds the mean over replicas of what tf.where chose."""
    add_mean(bed, lambda weight, value: weight.assign_add(tf.where(value > 0.0, value, 0.0)))


@scenario(sites=("in_scope",), modes=("function",))
def reduced_after_while(bed: Bed) -> None:
    """What a tf.while_loop computed locally can be reduced over all replicas after it."""

    def step(weight: tf.Variable, value: tf.Tensor) -> None:
        _, total = tf.while_loop(
            lambda turn, total: turn < 1,
            lambda turn, total: (turn + 1, total + value),
            (tf.constant(0), tf.constant(0.0)),
        )
        weight.assign_add(mean_over_replicas(total))

    add_mean(bed, step)


@scenario(sites=("in_scope",), modes=("eager",))
def branch_outside_run(bed: Bed) -> None:
    """A traced `if` around strategy.run adds the mean over replicas to a variable."""
    weight = bed.make(create)

    def train(enabled: tf.Tensor, values: Any) -> None:
        if enabled:
            bed.strategy.run(lambda value: weight.assign_add(value), args=(values,))

    tf.function(train)(tf.constant(True), bed.data(lambda replica: replica + 1.0))
    bed.claim(weight, value=1.0 + (bed.case.replicas + 1) / 2)


@scenario(sites=("in_scope",), modes=("function",))
def summed_in_cond(bed: Bed) -> None:
    """A branch of tf.cond adds to a variable that synchronises when it is read."""
    total = bed.make(
        lambda: tf.Variable(
            0.0,
            trainable=False,
            synchronization=tf.VariableSynchronization.ON_READ,
            aggregation=tf.VariableAggregation.SUM,
        )
    )

    def step(value: tf.Tensor) -> None:
        tf.cond(value > 0.0, lambda: total.assign_add(value) * 1.0, lambda: total * 1.0)

    bed.run(step, bed.data(lambda replica: replica + 1.0))
    replicas = bed.case.replicas
    bed.claim(float(total.numpy()), value=replicas * (replicas + 1) / 2)


if __name__ == "__main__":
    run_script()
