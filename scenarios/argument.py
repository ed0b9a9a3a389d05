"""An argument: the variable is passed to each function that uses it, even to a tf.function."""

from collections.abc import Callable

import tensorflow as tf

from testbed import Bed, breaks, run_script, scenario

GROUP = "ways of sharing"


def create_counter() -> tf.Variable:
    return tf.Variable(0.0, aggregation=tf.VariableAggregation.MEAN)


def create_weights() -> tuple[tf.Variable, tf.Variable]:
    mean = tf.VariableAggregation.MEAN
    return tf.Variable(1.0, aggregation=mean), tf.Variable(2.0, aggregation=mean)


class Holder(tf.Module):
    """Carries a variable through a tf.function's arguments."""

    def __init__(self, weight: tf.Variable) -> None:
        super().__init__()
        self.weight = weight


def create_holders() -> tuple[Holder, Holder]:
    first, second = create_weights()
    return Holder(first), Holder(second)


def count(steps: tf.Variable) -> None:
    steps.assign_add(1.0)


def add_ten(weight: tf.Variable) -> None:
    weight.assign_add(10.0)


@scenario()
@breaks(
    "counted_per_replica",
    site="outside_scope",
    when=lambda case: case.replicas_per_worker > 1,
)
def counter(bed: Bed) -> None:
    """A counter counts steps, however many replicas take them."""
    steps = bed.make(create_counter)
    bed.run(count, steps, times=5)
    bed.claim(steps, value=5.0)


@scenario(sites=("in_scope",))
@breaks(
    "wrong_value",
    mode="function",
    when=lambda case: case.strategy in ("mirrored", "multi_worker_mirrored"),
    cure="pass a tf.Module that owns the variable, or close over it: mirrored variables of one"
    " shape and dtype share a trace, and the trace keeps the first of them",
)
def two_written(bed: Bed) -> None:
    """A step that gets a variable as its argument writes to the variable that it got."""
    first, second = bed.make(create_weights)
    bed.run(add_ten, first)
    bed.run(add_ten, second)
    bed.claim(second, value=12.0)
    bed.claim(first, value=11.0)


@scenario(sites=("in_scope",), modes=("function",))
@breaks(
    "wrong_value",
    when=lambda case: case.strategy in ("mirrored", "multi_worker_mirrored"),
    cure="pass tf.Modules, or give every variable a tf.function of its own that closes over it",
)
def two_swapped(bed: Bed) -> None:
    """A tf.function that gets the same two variables in another order uses that order."""
    first, second = bed.make(create_weights)

    def mix(online: tf.Variable, target: tf.Variable) -> tf.Tensor:
        return 0.75 * online + 0.25 * target

    mixed = tf.function(mix)
    bed.claim(mixed(first, second), value=1.25)
    bed.claim(mixed(second, first), value=1.75)


@scenario(sites=("in_scope",), modes=("function",))
def two_in_modules(bed: Bed) -> None:
    """A step that gets a tf.Module as its argument writes to the variable of that module."""
    first, second = bed.make(create_holders)

    def add(holder: Holder) -> None:
        holder.weight.assign_add(10.0)

    bed.run(add, first)
    bed.run(add, second)
    bed.claim(first.weight, value=11.0)
    bed.claim(second.weight, value=12.0)


@scenario(sites=("in_scope",), modes=("function",))
def two_closed_over(bed: Bed) -> None:
    """Steps that each close over a variable of their own write to their own."""
    first, second = bed.make(create_weights)

    def adding_to(weight: tf.Variable) -> Callable[[], None]:
        return lambda: add_ten(weight)

    bed.run(adding_to(first))
    bed.run(adding_to(second))
    bed.claim(first, value=11.0)
    bed.claim(second, value=12.0)


@scenario(sites=("in_scope",), modes=("eager",))
@breaks(
    "replicas_diverge",
    when=lambda case: case.replicas_per_worker > 1,
    cure="pass the mirrored variable itself; experimental_local_results is for reading",
)
def one_copy(bed: Bed) -> None:
    """Counting on one copy of a mirrored variable counts on the whole variable."""
    steps = bed.make(create_counter)
    copy = bed.strategy.experimental_local_results(steps)[0]
    bed.run(count, copy, times=3)
    bed.claim(steps, value=3.0)


if __name__ == "__main__":
    run_script()
