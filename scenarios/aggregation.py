"""Variable aggregation: what a mirrored variable makes of the values that its replicas assign."""

import tensorflow as tf

from testbed import Bed, breaks, run_script, scenario

GROUP = "kinds of object"

# A cure needs no single device beside it.
REPLICATED = ("mirrored", "multi_worker_mirrored")


def create_mean() -> tf.Variable:
    return tf.Variable(1.0, aggregation=tf.VariableAggregation.MEAN)


def create_sum() -> tf.Variable:
    return tf.Variable(1.0, aggregation=tf.VariableAggregation.SUM)


def create_only_first() -> tf.Variable:
    return tf.Variable(1.0, aggregation=tf.VariableAggregation.ONLY_FIRST_REPLICA)


def create_without() -> tf.Variable:
    # What a tf.Variable gets that names no aggregation: VariableAggregation.NONE.
    return tf.Variable(1.0)


def create_integer_only_first() -> tf.Variable:
    return tf.Variable(0, aggregation=tf.VariableAggregation.ONLY_FIRST_REPLICA)


def create_integer_mean() -> tf.Variable:
    return tf.Variable(0, aggregation=tf.VariableAggregation.MEAN)


@scenario(modes=("function",))
@breaks(
    "last_replica_wins",
    site="outside_scope",
    when=lambda case: case.replicas_per_worker > 1,
    cure="create it inside strategy.scope(), where its aggregation has an effect",
)
@breaks("workers_diverge", site="outside_scope", when=lambda case: case.workers > 1)
def mean(bed: Bed) -> None:
    """With MEAN, a variable holds the mean of what the replicas assign."""
    loss = bed.make(create_mean)
    bed.run(lambda mine: loss.assign(mine), bed.data(lambda replica: 10.0 * (replica + 1)))
    losses = [10.0 * (replica + 1) for replica in range(bed.case.replicas)]
    bed.claim(loss, value=sum(losses) / len(losses), per_replica=losses)


@scenario(sites=("in_scope",), modes=("function",), strategies=REPLICATED)
def sum_of_tensors(bed: Bed) -> None:
    """With SUM, a variable adds the sum of what the replicas add."""
    examples = bed.make(create_sum)
    bed.run(lambda mine: examples.assign_add(mine), bed.data(lambda replica: replica + 2.0))
    bed.claim(examples, value=1.0 + sum(replica + 2.0 for replica in range(bed.case.replicas)))


@scenario(sites=("in_scope",), modes=("eager",))
@breaks(
    "rejected",
    error="A non-DistributedValues value 1.0 cannot be reduced with the given reduce op",
    when=lambda case: case.strategy == "mirrored" and case.replicas > 1,
    cure="add a tensor that each replica makes, as sum_of_tensors does",
)
@breaks(
    "wrong_value",
    when=lambda case: case.replicas_per_worker > 1,
    cure="a Python number counts once per worker: add a tensor, as sum_of_tensors does",
)
def sum_of_python_values(bed: Bed) -> None:
    """With SUM, replicas that each add the Python number 1.0 add up to the number of replicas."""
    replicas = bed.make(create_sum)
    bed.run(lambda: replicas.assign_add(1.0))
    bed.claim(replicas, value=1.0 + bed.case.replicas)


@scenario(sites=("in_scope",), modes=("eager",))
@breaks(
    "counted_per_replica",
    when=lambda case: case.workers == 1 and case.replicas > 1,
    cure="count with ONLY_FIRST_REPLICA or MEAN, as counted_by_first_replica does",
)
@breaks(
    "wrong_value",
    when=lambda case: case.workers > 1,
    cure="count with ONLY_FIRST_REPLICA or MEAN, as counted_by_first_replica does",
)
def counted_by_sum(bed: Bed) -> None:
    """A counter of the scope that has the aggregation SUM counts steps."""
    steps = bed.make(create_sum)
    bed.run(lambda: steps.assign_add(tf.constant(1.0)), times=3)
    bed.claim(steps, value=4.0, start=1.0)


@scenario(sites=("in_scope",), modes=("eager",), strategies=REPLICATED)
def counted_by_first_replica(bed: Bed) -> None:
    """A counter of the scope that has the aggregation ONLY_FIRST_REPLICA counts steps."""
    steps = bed.make(create_integer_only_first)
    bed.run(lambda: steps.assign_add(1), times=3)
    bed.claim(steps, value=3)


@scenario(sites=("in_scope",), modes=("function",))
@breaks(
    "workers_diverge",
    when=lambda case: case.workers > 1,
    cure="use MEAN, or all-reduce first: the first replica is that of each worker, not of all",
)
def only_first_replica(bed: Bed) -> None:
    """With ONLY_FIRST_REPLICA, a variable holds what the first of all replicas assigns."""
    loss = bed.make(create_only_first)
    bed.run(lambda mine: loss.assign(mine), bed.data(lambda replica: 10.0 * (replica + 1)))
    bed.claim(loss, value=10.0)


@scenario(sites=("in_scope",), modes=("function",))
@breaks(
    "replicas_diverge",
    when=lambda case: case.replicas_per_worker > 1,
    cure="give it an aggregation, or all-reduce first, as none_assigned_after_reduce does",
)
@breaks(
    "workers_diverge",
    when=lambda case: case.workers > 1,
    cure="give it an aggregation, or all-reduce first, as none_assigned_after_reduce does",
)
def none_assigned_in_replica(bed: Bed) -> None:
    """A variable without an aggregation has one value, whoever assigns it."""
    loss = bed.make(create_without)
    bed.run(lambda mine: loss.assign(mine), bed.data(lambda replica: 10.0 * (replica + 1)))
    bed.claim(loss, equal=True)


@scenario(sites=("in_scope",), modes=("eager",), strategies=REPLICATED)
def none_assigned_after_reduce(bed: Bed) -> None:
    """A variable without an aggregation has one value when replicas reduce what they assign."""
    loss = bed.make(create_without)

    def step(mine: tf.Tensor) -> None:
        context = tf.distribute.get_replica_context()
        loss.assign(context.all_reduce(tf.distribute.ReduceOp.MEAN, mine))

    bed.run(step, bed.data(lambda replica: 10.0 * (replica + 1)))
    bed.claim(loss, value=5.0 * (bed.case.replicas + 1))


@scenario(sites=("in_scope",), modes=("eager",))
@breaks(
    "rejected",
    error="aggregation=MEAN and a non-floating dtype is not supported",
    when=lambda case: case.replicas > 1,
    cure="count with ONLY_FIRST_REPLICA, as counted_by_first_replica does, or use a float",
)
def integer_mean(bed: Bed) -> None:
    """An integer counter counts steps with the aggregation MEAN."""
    steps = bed.make(create_integer_mean)
    bed.run(lambda: steps.assign_add(1), times=3)
    bed.claim(steps, value=3)


if __name__ == "__main__":
    run_script()
