"""Read at import: a module asks for the strategy, or its number of replicas, before any scope."""

import tensorflow as tf

from testbed import Bed, breaks, run_script, scenario

GROUP = "what people do"

# Outside of every scope, this is the default strategy, with its one replica.
STRATEGY = tf.distribute.get_strategy()
REPLICAS = STRATEGY.num_replicas_in_sync

LEARNING_RATE = 0.1


def mean_by_import(mine: tf.Tensor) -> tf.Tensor:
    context = tf.distribute.get_replica_context()
    return context.all_reduce(tf.distribute.ReduceOp.SUM, mine / REPLICAS)


def mean_by_call(mine: tf.Tensor) -> tf.Tensor:
    context = tf.distribute.get_replica_context()
    replicas = tf.distribute.get_strategy().num_replicas_in_sync
    return context.all_reduce(tf.distribute.ReduceOp.SUM, mine / replicas)


def create_weight() -> tf.Variable:
    return tf.Variable(10.0, aggregation=tf.VariableAggregation.MEAN)


def create_counter() -> tf.Variable:
    return tf.Variable(0.0, aggregation=tf.VariableAggregation.MEAN)


def create_counter_in_its_scope() -> tf.Variable:
    with STRATEGY.scope():
        return create_counter()


@scenario(sites=("in_scope",), modes=("function",))
@breaks(
    "wrong_value",
    when=lambda case: case.replicas > 1,
    cure="ask tf.distribute.get_strategy() in the step, as trained_by_call does",
)
def trained(bed: Bed) -> None:
    """A step that divides by the number of replicas follows the mean gradient."""
    weight = bed.make(create_weight)

    def descend(gradient: tf.Tensor) -> None:
        weight.assign_sub(LEARNING_RATE * mean_by_import(gradient))

    bed.run(descend, bed.data(lambda replica: 2.0 * (replica + 1)))
    bed.claim(weight, value=10.0 - LEARNING_RATE * (bed.case.replicas + 1))


@scenario(sites=("in_scope",), modes=("function",))
def trained_by_call(bed: Bed) -> None:
    """A step that asks for the number of replicas itself follows the mean gradient."""
    weight = bed.make(create_weight)

    def descend(gradient: tf.Tensor) -> None:
        weight.assign_sub(LEARNING_RATE * mean_by_call(gradient))

    bed.run(descend, bed.data(lambda replica: 2.0 * (replica + 1)))
    bed.claim(weight, value=10.0 - LEARNING_RATE * (bed.case.replicas + 1))


@scenario(modes=("eager",))
@breaks(
    "rejected",
    error="Must not nest tf.distribute.Strategy scopes.",
    site="in_scope",
    when=lambda case: case.strategy != "default",
    cure="enter tf.distribute.get_strategy().scope(), or none: the caller has entered it",
)
@breaks(
    "counted_per_replica",
    site="outside_scope",
    when=lambda case: case.replicas_per_worker > 1,
    cure="pass the strategy to whoever makes variables, and enter its scope",
)
def counter_in_its_scope(bed: Bed) -> None:
    """A counter made in the scope of the strategy that a module read at import counts steps."""
    steps = bed.make(create_counter_in_its_scope)
    bed.run(lambda: steps.assign_add(1.0), times=5)
    bed.claim(steps, value=5.0)


@scenario(sites=("in_scope",), modes=("eager",))
def counter_in_current_scope(bed: Bed) -> None:
    """A counter made in the scope of the strategy that is current counts steps."""

    def create() -> tf.Variable:
        with tf.distribute.get_strategy().scope():
            return create_counter()

    steps = bed.make(create)
    bed.run(lambda: steps.assign_add(1.0), times=5)
    bed.claim(steps, value=5.0)


@scenario(sites=("outside_scope",), modes=("eager",))
@breaks(
    "wrong_value",
    when=lambda case: case.replicas > 1,
    cure="run it with the strategy that was built, passed to whoever takes steps",
)
def run_by_it(bed: Bed) -> None:
    """The strategy that a module read at import runs a step on all replicas."""
    ones = STRATEGY.run(lambda: tf.constant(1.0))
    bed.claim(STRATEGY.reduce("SUM", ones, axis=None), value=1.0 * bed.case.replicas)


if __name__ == "__main__":
    run_script()
