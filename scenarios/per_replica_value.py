"""A per-replica value: what `strategy.run` returned is kept, and used as if it were one tensor."""

from typing import Any

import tensorflow as tf

from testbed import Bed, breaks, run_script, scenario

GROUP = "kinds of object"


def losses(bed: Bed) -> Any:
    # Replica i returns (i + 1) squared.
    return bed.run(tf.square, bed.data(lambda replica: replica + 1.0))


def mean_loss(bed: Bed) -> float:
    squares = [(replica + 1.0) ** 2 for replica in range(bed.case.replicas)]
    return sum(squares) / len(squares)


def create_last_loss() -> tf.Variable:
    return tf.Variable(0.0)


@scenario(sites=("outside_scope",), modes=("eager",))
@breaks("per_replica_leak", when=lambda case: case.replicas_per_worker > 1)
@breaks(
    "workers_diverge",
    when=lambda case: case.workers > 1,
    cure="strategy.reduce it: one replica a worker gives a plain tensor, of this worker alone",
)
def given_to_op(bed: Bed) -> None:
    """A tf op takes the loss of a step for what it is over all replicas."""
    loss = losses(bed)
    bed.claim(tf.add(loss, 1.0), value=mean_loss(bed) + 1.0)


@scenario(sites=("outside_scope",), modes=("eager",))
@breaks("per_replica_leak", when=lambda case: case.replicas_per_worker > 1)
def constant_given_to_op(bed: Bed) -> None:
    """A constant that all replicas return alike is one tensor."""
    constant = bed.run(lambda: tf.constant([1.0, 2.0]))
    bed.claim(tf.reduce_sum(constant), value=3.0)


@scenario(sites=("outside_scope",), modes=("eager",))
@breaks(
    "rejected",
    error="unsupported operand type(s) for +=: 'float' and 'PerReplica'",
    when=lambda case: case.replicas_per_worker > 1,
    cure="strategy.reduce it before adding",
)
@breaks(
    "workers_diverge",
    when=lambda case: case.workers > 1,
    cure="strategy.reduce it before adding",
)
def summed_up(bed: Bed) -> None:
    """Losses of steps add up to the total over all replicas."""
    total: Any = 0.0
    for _ in range(3):
        total += losses(bed)
    bed.claim(total, value=3 * mean_loss(bed))


@scenario(sites=("outside_scope",), modes=("eager",))
@breaks(
    "rejected",
    error="float() argument must be a string or a real number, not 'PerReplica'",
    when=lambda case: case.replicas_per_worker > 1,
    cure="float(strategy.reduce('mean', loss, axis=None))",
)
@breaks(
    "workers_diverge",
    when=lambda case: case.workers > 1,
    cure="float(strategy.reduce('mean', loss, axis=None))",
)
def logged_as_float(bed: Bed) -> None:
    """float() of the loss of a step is the mean over all replicas."""
    bed.claim(float(losses(bed)), value=mean_loss(bed))


@scenario(sites=("outside_scope",), modes=("eager",))
@breaks(
    "wrong_value",
    when=lambda case: case.replicas_per_worker > 1,
    cure="reduce it to one tensor first; a PerReplica is an object, and objects are true",
)
def tested_by_if(bed: Bed) -> None:
    """`if overflow:` is not taken after a step in which no replica had an overflow."""
    overflow = bed.run(tf.math.is_inf, bed.data(lambda replica: replica + 1.0))
    taken = False
    if overflow:
        taken = True
    bed.claim(taken, value=False)


@scenario(modes=("eager",))
@breaks(
    "rejected",
    error="'PerReplica' object has no attribute 'dtype'",
    site="outside_scope",
    when=lambda case: case.replicas_per_worker > 1,
    cure="assign what strategy.reduce makes of it",
)
@breaks(
    "replicas_diverge",
    when=lambda case: case.replicas_per_worker > 1,
    cure="assign what strategy.reduce makes of it",
)
@breaks(
    "workers_diverge",
    when=lambda case: case.workers > 1,
    cure="assign what strategy.reduce makes of it",
)
def assigned_after_step(bed: Bed) -> None:
    """A variable that the loss of a step is assigned to holds the mean over all replicas."""
    last_loss = bed.make(create_last_loss)
    last_loss.assign(losses(bed))
    bed.claim(last_loss, value=mean_loss(bed))


@scenario(sites=("outside_scope",), modes=("eager",))
@breaks(
    "rejected",
    error="unsupported operand type(s) for *: 'PerReplica' and 'float'",
    when=lambda case: case.replicas_per_worker > 1,
    cure="pass it to strategy.run as an argument: every replica gets its own",
)
def captured_by_next_step(bed: Bed) -> None:
    """The next step finds, in a name it captures, what the same replica returned before."""
    loss = losses(bed)
    doubled = bed.run(lambda: loss * 2.0)
    bed.claim(bed.strategy.reduce("mean", doubled, axis=None), value=2.0 * mean_loss(bed))


@scenario(sites=("outside_scope",), modes=("eager",))
def passed_to_next_step(bed: Bed) -> None:
    """The next step gets, as its argument, what the same replica returned before."""
    doubled = bed.run(lambda loss: loss * 2.0, losses(bed))
    bed.claim(bed.strategy.reduce("mean", doubled, axis=None), value=2.0 * mean_loss(bed))


@scenario(sites=("in_scope",), modes=("eager",))
def reduced(bed: Bed) -> None:
    """A reduced loss is one tensor, for ops, for float(), for `if` and for a variable."""
    loss = bed.strategy.reduce("mean", losses(bed), axis=None)
    last_loss = bed.make(create_last_loss)
    last_loss.assign(loss)
    bed.claim(tf.add(loss, 1.0), value=mean_loss(bed) + 1.0)
    bed.claim(float(loss), value=mean_loss(bed))
    bed.claim(last_loss, value=mean_loss(bed), mirrored=True)


@scenario(sites=("outside_scope",), modes=("eager",))
def local_results(bed: Bed) -> None:
    """experimental_local_results gives the tensor of every replica of this worker."""
    results = bed.strategy.experimental_local_results(losses(bed))
    first = bed.worker * bed.case.replicas_per_worker
    wanted = [(first + index + 1.0) ** 2 for index in range(bed.case.replicas_per_worker)]
    bed.claim([float(result) for result in results] == wanted, value=True)


if __name__ == "__main__":
    run_script()
