"""Python state: a step counts, appends or takes notes in plain Python objects."""

import tensorflow as tf

from testbed import Bed, breaks, run_script, scenario

GROUP = "kinds of object"

STEPS = 5

counted = 0
calls: list[str] = []
losses: list[float] = []
latest: dict[str, float] = {}

steps: tf.Variable


def create_counter() -> None:
    global steps
    steps = tf.Variable(0, dtype=tf.int64, aggregation=tf.VariableAggregation.ONLY_FIRST_REPLICA)


def create_weight() -> tf.Variable:
    return tf.Variable(0.0, aggregation=tf.VariableAggregation.MEAN)


@scenario(sites=("outside_scope",))
@breaks(
    "counted_per_replica",
    mode="eager",
    when=lambda case: case.replicas_per_worker > 1,
    cure="count in a tf.Variable of the scope, with aggregation ONLY_FIRST_REPLICA",
)
@breaks(
    "frozen_in_trace",
    mode="function",
    cure="count in a tf.Variable of the scope, with aggregation ONLY_FIRST_REPLICA",
)
def int_counter(bed: Bed) -> None:
    """A Python int that the step increments counts steps."""

    def step() -> None:
        global counted
        counted += 1

    bed.run(step, times=STEPS)
    # A tf.function calls its Python code to trace it, once for every replica, and never again.
    bed.claim(counted, value=STEPS, stale=bed.case.replicas_per_worker)


@scenario(sites=("outside_scope",), modes=("function",))
@breaks(
    "counted_per_replica",
    when=lambda case: case.replicas_per_worker > 1,
    cure="count in a tf.Variable of the scope, with aggregation ONLY_FIRST_REPLICA",
)
def called_by_py_function(bed: Bed) -> None:
    """What tf.py_function calls in a step runs once a step."""

    def step() -> None:
        tf.py_function(lambda: calls.append("step"), [], [])

    bed.run(step, times=STEPS)
    bed.claim(len(calls), value=STEPS)


@scenario(sites=("outside_scope",), modes=("eager",))
@breaks(
    "counted_per_replica",
    when=lambda case: case.replicas_per_worker > 1,
    cure="reduce what strategy.run returns, and append that, once a step",
)
def list_of_losses(bed: Bed) -> None:
    """A list that the step appends its loss to has one entry a step."""

    def step(error: tf.Tensor) -> None:
        losses.append(float(error**2))

    bed.run(step, bed.data(lambda replica: replica + 1.0), times=STEPS)
    bed.claim(len(losses), value=STEPS)


@scenario(sites=("outside_scope",), modes=("eager",))
def list_of_reduced_losses(bed: Bed) -> None:
    """A list of reduced losses has one entry a step, the mean of all replicas."""
    errors = bed.data(lambda replica: replica + 1.0)
    for _ in range(STEPS):
        loss = bed.run(tf.square, errors)
        losses.append(float(bed.strategy.reduce("mean", loss, axis=None)))
    squares = [(replica + 1.0) ** 2 for replica in range(bed.case.replicas)]
    bed.claim(losses, value=[sum(squares) / len(squares)] * STEPS)


@scenario(sites=("outside_scope",), modes=("eager",))
@breaks("last_replica_wins", when=lambda case: case.replicas_per_worker > 1)
@breaks(
    "workers_diverge",
    when=lambda case: case.workers > 1,
    cure="return it from strategy.run and reduce what comes back",
)
def dict_of_metrics(bed: Bed) -> None:
    """A dict in which the step notes its loss holds the mean loss of all replicas."""

    def step(error: tf.Tensor) -> None:
        latest["loss"] = float(error**2)

    bed.run(step, bed.data(lambda replica: replica + 1.0))
    squares = [(replica + 1.0) ** 2 for replica in range(bed.case.replicas)]
    bed.claim(latest["loss"], value=sum(squares) / len(squares), per_replica=squares)


@scenario(sites=("in_scope",))
def variable_counter(bed: Bed) -> None:
    """A tf.Variable of the scope, of which the first replica counts, counts steps."""
    bed.make(create_counter)
    bed.run(lambda: steps.assign_add(1), times=STEPS)
    bed.claim(steps, value=STEPS)


@scenario(sites=("in_scope",), modes=("eager",))
@breaks(
    "rejected",
    error="'float' object has no attribute 'device'",
    when=lambda case: case.replicas_per_worker > 1,
    cure="make a tensor of it: tf.constant(number)",
)
def number_assigned(bed: Bed) -> None:
    """A Python number that the step computes can be assigned to a variable of the scope."""
    weight = bed.make(create_weight)

    def step(error: tf.Tensor) -> None:
        weight.assign(float(error) / 2)

    bed.run(step, bed.data(lambda replica: replica + 1.0))
    bed.claim(weight, value=(bed.case.replicas + 1) / 4)


@scenario(sites=("in_scope",), modes=("eager",))
def number_assigned_as_tensor(bed: Bed) -> None:
    """A constant of a Python number that the step computes can be assigned to a variable."""
    weight = bed.make(create_weight)

    def step(error: tf.Tensor) -> None:
        weight.assign(tf.constant(float(error) / 2))

    bed.run(step, bed.data(lambda replica: replica + 1.0))
    bed.claim(weight, value=(bed.case.replicas + 1) / 4)


if __name__ == "__main__":
    run_script()
