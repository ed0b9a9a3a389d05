"""Synchronised on read: replicas write copies of their own, and reading adds them up."""

import tensorflow as tf

from testbed import Bed, breaks, run_script, scenario

GROUP = "kinds of object"

# A cure needs no single device beside it.
REPLICATED = ("mirrored", "multi_worker_mirrored")


def create_total() -> tf.Variable:
    return tf.Variable(
        0.0,
        trainable=False,
        synchronization=tf.VariableSynchronization.ON_READ,
        aggregation=tf.VariableAggregation.SUM,
    )


def create_average() -> tf.Variable:
    return tf.Variable(
        0.0,
        trainable=False,
        synchronization=tf.VariableSynchronization.ON_READ,
        aggregation=tf.VariableAggregation.MEAN,
    )


def create_first() -> tf.Variable:
    return tf.Variable(
        0.0,
        trainable=False,
        synchronization=tf.VariableSynchronization.ON_READ,
        aggregation=tf.VariableAggregation.ONLY_FIRST_REPLICA,
    )


def examples_of(replica: int) -> float:
    return 10.0 * (replica + 1)


@scenario(modes=("function",))
@breaks("workers_diverge", site="outside_scope", when=lambda case: case.workers > 1)
def total(bed: Bed) -> None:
    """A total of the examples, read outside strategy.run, has those of all replicas."""
    examples = bed.make(create_total)
    bed.run(lambda mine: examples.assign_add(mine), bed.data(examples_of), times=2)
    bed.claim(examples.read_value(), value=2 * sum(map(examples_of, range(bed.case.replicas))))


@scenario(sites=("in_scope",), modes=("eager",))
@breaks(
    "replicas_diverge",
    when=lambda case: case.replicas_per_worker > 1,
    cure="read it outside strategy.run, as total does, or all-reduce what the replica reads",
)
@breaks(
    "workers_diverge",
    when=lambda case: case.workers > 1,
    cure="read it outside strategy.run, as total does, or all-reduce what the replica reads",
)
def total_read_in_replica(bed: Bed) -> None:
    """A total of the examples, read in a replica, has those of all replicas."""
    examples = bed.make(create_total)
    bed.run(lambda mine: examples.assign_add(mine), bed.data(examples_of))
    seen = bed.run(lambda: examples.read_value())
    bed.claim(seen, value=sum(map(examples_of, range(bed.case.replicas))))


@scenario(sites=("in_scope",), modes=("eager",), strategies=REPLICATED)
def total_reduced_in_replica(bed: Bed) -> None:
    """A total of the examples, all-reduced in the replicas, has those of all replicas."""
    examples = bed.make(create_total)
    bed.run(lambda mine: examples.assign_add(mine), bed.data(examples_of))

    def read() -> tf.Tensor:
        context = tf.distribute.get_replica_context()
        return context.all_reduce(tf.distribute.ReduceOp.SUM, examples.read_value())

    bed.claim(bed.run(read), value=sum(map(examples_of, range(bed.case.replicas))))


@scenario(sites=("in_scope",), modes=("eager",), strategies=REPLICATED)
def mean_on_read(bed: Bed) -> None:
    """With MEAN, it reads as the mean of what the replicas wrote."""
    loss = bed.make(create_average)
    bed.run(lambda mine: loss.assign(mine), bed.data(examples_of))
    bed.claim(loss, value=5.0 * (bed.case.replicas + 1))


@scenario(sites=("in_scope",), modes=("function",), strategies=REPLICATED)
@breaks(
    "wrong_value",
    cure="add up hits and examples in two variables, and divide after reading, as a metric does",
)
def ratio_assigned(bed: Bed) -> None:
    """With SUM, a ratio that replicas assign reads as the ratio of all examples."""
    rate = bed.make(create_total)
    bed.run(lambda mine: rate.assign((mine - 5.0) / mine), bed.data(examples_of))
    examples = [examples_of(replica) for replica in range(bed.case.replicas)]
    bed.claim(rate, value=sum(each - 5.0 for each in examples) / sum(examples))


@scenario(sites=("in_scope",), modes=("eager",))
@breaks(
    "workers_diverge",
    when=lambda case: case.workers > 1,
    cure="use MEAN, as mean_on_read does: the first replica is that of each worker, not of all",
)
def first_on_read(bed: Bed) -> None:
    """With ONLY_FIRST_REPLICA, it reads as what the first of all replicas wrote."""
    loss = bed.make(create_first)
    bed.run(lambda mine: loss.assign(mine), bed.data(examples_of))
    bed.claim(loss.numpy(), value=10.0)


@scenario(sites=("in_scope",), modes=("eager",))
@breaks(
    "wrong_value",
    when=lambda case: case.replicas > 1,
    cure="assign in strategy.run what each replica is to hold: outside, SUM divides it among them",
)
def assigned_outside_run(bed: Bed) -> None:
    """What is assigned outside strategy.run is what a replica reads."""
    examples = bed.make(create_total)
    examples.assign(12.0)
    bed.claim(bed.run(lambda: examples.read_value()), value=12.0)


@scenario(sites=("in_scope",), modes=("eager",), strategies=REPLICATED)
def assigned_and_read_outside_run(bed: Bed) -> None:
    """What is assigned outside strategy.run is what is read outside strategy.run."""
    examples = bed.make(create_total)
    examples.assign(12.0)
    bed.claim(examples.read_value(), value=12.0)


@scenario(sites=("in_scope",), modes=("eager",))
@breaks(
    "rejected",
    error="SyncOnReadVariable does not support `assign_add` in cross-replica context",
    when=lambda case: case.replicas > 1,
    cure="assign the sum, as added_by_assigning does, or add inside strategy.run",
)
def added_outside_run(bed: Bed) -> None:
    """The main program can add to a total that replicas add to."""
    examples = bed.make(create_total)
    bed.run(lambda mine: examples.assign_add(mine), bed.data(examples_of))
    examples.assign_add(5.0)
    bed.claim(examples.read_value(), value=5.0 + sum(map(examples_of, range(bed.case.replicas))))


@scenario(sites=("in_scope",), modes=("eager",), strategies=REPLICATED)
def added_by_assigning(bed: Bed) -> None:
    """The main program adds to a total by assigning what it reads, and the sum stays right."""
    examples = bed.make(create_total)
    bed.run(lambda mine: examples.assign_add(mine), bed.data(examples_of))
    examples.assign(examples.read_value() + 5.0)
    bed.claim(examples.read_value(), value=5.0 + sum(map(examples_of, range(bed.case.replicas))))


if __name__ == "__main__":
    run_script()
