"""A closure: a factory makes the variable, and returns functions that close over it."""

from collections.abc import Callable, Iterator

import tensorflow as tf

from testbed import Bed, breaks, run_script, scenario

GROUP = "ways of sharing"


def create_counter() -> tuple[Callable[[], None], Callable[[], tf.Variable]]:
    steps = tf.Variable(0.0, aggregation=tf.VariableAggregation.MEAN)

    def count() -> None:
        steps.assign_add(1.0)

    def current() -> tf.Variable:
        return steps

    return count, current


def create_three() -> list[tf.Variable]:
    return [tf.Variable(0.0, aggregation=tf.VariableAggregation.MEAN) for _ in range(3)]


@scenario()
@breaks(
    "counted_per_replica",
    site="outside_scope",
    when=lambda case: case.replicas_per_worker > 1,
)
def counter(bed: Bed) -> None:
    """A counter counts steps, however many replicas take them."""
    count, current = bed.make(create_counter)
    bed.run(count, times=5)
    bed.claim(current(), value=5.0)


@scenario(modes=("eager",))
@breaks(
    "counted_per_replica",
    site="outside_scope",
    when=lambda case: case.replicas_per_worker > 1,
    cure="call the factory inside strategy.scope(): the scope of its definition has no effect",
)
def factory_defined_in_scope(bed: Bed) -> None:
    """A factory that was defined in the scope makes a counter that counts steps."""
    with bed.strategy.scope():

        def create() -> tf.Variable:
            return tf.Variable(0.0, aggregation=tf.VariableAggregation.MEAN)

    steps = bed.make(create)
    bed.run(lambda: steps.assign_add(1.0), times=5)
    bed.claim(steps, value=5.0)


@scenario(modes=("eager",))
@breaks(
    "counted_per_replica",
    site="outside_scope",
    when=lambda case: case.replicas_per_worker > 1,
    cure="advance the generator inside strategy.scope(), or enter the scope in its body",
)
def generator_made_in_scope(bed: Bed) -> None:
    """A generator that was made in the scope yields counters that count steps."""

    def counters() -> Iterator[tf.Variable]:
        while True:
            yield tf.Variable(0.0, aggregation=tf.VariableAggregation.MEAN)

    with bed.strategy.scope():
        generator = counters()
    steps = bed.make(next, generator)
    bed.run(lambda: steps.assign_add(1.0), times=5)
    bed.claim(steps, value=5.0)


@scenario(sites=("outside_scope",), modes=("eager",))
def factory_enters_scope(bed: Bed) -> None:
    """A factory that enters the scope itself makes a counter that counts steps."""

    def create() -> tf.Variable:
        with bed.strategy.scope():
            return tf.Variable(0.0, aggregation=tf.VariableAggregation.MEAN)

    steps = bed.make(create)
    bed.run(lambda: steps.assign_add(1.0), times=5)
    bed.claim(steps, value=5.0)


@scenario(sites=("in_scope",), strategies=("default", "mirrored"))
@breaks(
    "wrong_value",
    mode="function",
    cure="assign to the variable, as reset_by_assigning does: a trace keeps the variable it saw",
)
def reset_by_rebinding(bed: Bed) -> None:
    """After a reset that binds a new variable to the closed-over name, the step counts on it."""
    steps = bed.make(create_three)[0]

    def count() -> None:
        steps.assign_add(1.0)

    bed.run(count, times=3)
    steps = bed.make(create_three)[0]
    bed.run(count, times=2)
    bed.claim(steps, value=2.0)


@scenario(sites=("in_scope",), modes=("function",), strategies=("default", "mirrored"))
def reset_by_assigning(bed: Bed) -> None:
    """After a reset that assigns zero to the closed-over variable, the step counts on it."""
    steps = bed.make(create_three)[0]

    def count() -> None:
        steps.assign_add(1.0)

    bed.run(count, times=3)
    steps.assign(0.0)
    bed.run(count, times=2)
    bed.claim(steps, value=2.0)


@scenario(sites=("in_scope",), modes=("eager",), strategies=("default", "mirrored"))
@breaks(
    "wrong_value",
    cure="bind the variable when the closure is made, as closed_over_by_factory does",
)
def closed_over_in_loop(bed: Bed) -> None:
    """Closures that a loop makes each count on the variable of their own turn."""
    three = bed.make(create_three)
    counts: list[Callable[[], None]] = []
    for steps in three:
        counts.append(lambda: steps.assign_add(1.0))  # noqa: B023 -- what is shown here
    for count in counts:
        bed.run(count)
    for steps in three:
        bed.claim(steps, value=1.0)


@scenario(sites=("in_scope",), modes=("eager",), strategies=("default", "mirrored"))
def closed_over_by_factory(bed: Bed) -> None:
    """Closures that a factory makes each count on the variable that it was given."""

    def counting_on(steps: tf.Variable) -> Callable[[], None]:
        return lambda: steps.assign_add(1.0)

    three = bed.make(create_three)
    for count in [counting_on(steps) for steps in three]:
        bed.run(count)
    for steps in three:
        bed.claim(steps, value=1.0)


if __name__ == "__main__":
    run_script()
