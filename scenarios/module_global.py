"""A module global: assigned in one function through `global`, used in others."""

import tensorflow as tf

from testbed import Bed, breaks, run_script, scenario

GROUP = "ways of sharing"

# Made when this module is imported, which is before anyone can enter a scope for it.
made_at_import = tf.Variable(0.0, aggregation=tf.VariableAggregation.MEAN)

steps: tf.Variable
weight: tf.Variable
last_loss: tf.Tensor

LEARNING_RATE = 0.1


def create_counter() -> None:
    global steps
    steps = tf.Variable(0.0, aggregation=tf.VariableAggregation.MEAN)


def create_weight() -> None:
    global weight
    weight = tf.Variable(0.0, aggregation=tf.VariableAggregation.MEAN)


def create_random_weight() -> None:
    global weight
    weight = tf.Variable(tf.random.normal([2]))


def remember_loss(error: tf.Tensor) -> None:
    global last_loss
    last_loss = tf.square(error)


@scenario()
@breaks(
    "counted_per_replica",
    site="outside_scope",
    when=lambda case: case.replicas_per_worker > 1,
)
def counter(bed: Bed) -> None:
    """A counter counts steps, however many replicas take them."""
    bed.make(create_counter)
    bed.run(lambda: steps.assign_add(1.0), times=5)
    bed.claim(steps, value=5.0)


@scenario(sites=("outside_scope",))
@breaks(
    "counted_per_replica",
    when=lambda case: case.replicas_per_worker > 1,
    cure="make it in a function, and call that inside strategy.scope()",
)
def counter_made_at_import(bed: Bed) -> None:
    """A counter that its module makes at import counts steps."""
    bed.run(lambda: made_at_import.assign_add(1.0), times=5)
    bed.claim(made_at_import, value=5.0)


@scenario()
@breaks(
    "workers_diverge",
    site="outside_scope",
    when=lambda case: case.workers > 1,
)
@breaks(
    "wrong_value",
    site="outside_scope",
    when=lambda case: case.replicas > 1,
)
def trained_by_hand(bed: Bed) -> None:
    """Gradient descent by hand ends where the mean gradient of all replicas leads."""
    bed.make(create_weight)

    def descend(target: tf.Tensor) -> None:
        with tf.GradientTape() as tape:
            loss = (weight - target) ** 2
        weight.assign_sub(LEARNING_RATE * tape.gradient(loss, weight))

    # Replica i pulls towards 2 (i + 1), so the mean pulls towards replicas + 1.
    bed.run(descend, bed.data(lambda replica: 2.0 * (replica + 1)), times=3)
    bed.claim(weight, value=(bed.case.replicas + 1) * (1 - (1 - 2 * LEARNING_RATE) ** 3))


@scenario(modes=("eager",))
@breaks(
    "workers_diverge",
    site="outside_scope",
    when=lambda case: case.workers > 1,
)
def random_start(bed: Bed) -> None:
    """A weight with a random initial value starts equal on all replicas of all workers."""
    bed.make(create_random_weight)
    bed.claim(weight, equal=True)


@scenario(sites=("in_replica",), modes=("eager",))
@breaks("last_replica_wins", when=lambda case: case.replicas_per_worker > 1)
@breaks("workers_diverge", when=lambda case: case.workers > 1)
def rebound_in_replica(bed: Bed) -> None:
    """A global that the step rebinds holds the loss of the step, the mean of all replicas."""
    bed.make(remember_loss, bed.data(lambda replica: replica + 1.0))
    losses = [(replica + 1.0) ** 2 for replica in range(bed.case.replicas)]
    bed.claim(last_loss, value=sum(losses) / len(losses), per_replica=losses)


@scenario(sites=("in_replica",), modes=("function",))
@breaks("symbolic_leak")
def kept_from_trace(bed: Bed) -> None:
    """A global that a tf.function assigns can be read after the call."""
    bed.make(remember_loss, bed.data(lambda replica: 2.0))
    bed.claim(last_loss, value=4.0)


@scenario(sites=("in_replica",))
@breaks(
    "rejected",
    error="tf.function only supports singleton tf.Variables created on the first call",
    mode="function",
    cure="create it before the step is traced, inside strategy.scope()",
)
def variable_made_in_replica(bed: Bed) -> None:
    """A variable that a replica function makes for a global is mirrored."""
    bed.make(create_weight)
    bed.claim(weight, value=0.0, mirrored=True)


@scenario()
@breaks(
    "rejected",
    error="'NoneType' object has no attribute 'extended'",
    site="outside_scope",
    when=lambda case: case.strategy == "one_device",
    tensorflow="<2.17",
    cure="create the optimizer and its variables inside the same strategy.scope()",
)
@breaks(
    "rejected",
    error="colocate_vars_with",
    site="outside_scope",
    when=lambda case: case.strategy != "default",
    cure="create the optimizer and its variables inside the same strategy.scope()",
)
def trained_by_optimizer(bed: Bed) -> None:
    """An optimizer of the scope trains a global variable."""
    bed.make(create_weight)
    with bed.strategy.scope():
        optimizer = tf.keras.optimizers.SGD(LEARNING_RATE, momentum=0.9)
        optimizer.build([weight])

    def descend(target: tf.Tensor) -> None:
        # Optimizers add the gradients of all replicas, so each gives its part of the mean.
        gradient = 2.0 * (weight - target) / bed.case.replicas
        optimizer.apply_gradients([(gradient, weight)])

    bed.run(descend, bed.data(lambda replica: 2.0 * (replica + 1)), times=1)
    bed.claim(weight, value=2 * LEARNING_RATE * (bed.case.replicas + 1), mirrored=True)


if __name__ == "__main__":
    run_script()
