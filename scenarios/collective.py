"""A collective: a sum over all replicas, which every one of them has to join, in one order."""

import tensorflow as tf

from testbed import Bed, breaks, run_script, scenario

GROUP = "what people do"

ReduceOp = tf.distribute.ReduceOp


def mean_of_double(error: tf.Tensor) -> tf.Tensor:
    return tf.distribute.get_replica_context().all_reduce(ReduceOp.MEAN, 2.0 * error)


def sum_of_all(number: tf.Tensor) -> tf.Tensor:
    return tf.distribute.get_replica_context().all_reduce(ReduceOp.SUM, number)


def sum_of_all_or_error(number: tf.Tensor) -> tf.Tensor:
    options = tf.distribute.experimental.CommunicationOptions(timeout_seconds=1.0)
    return tf.distribute.get_replica_context().all_reduce(ReduceOp.SUM, number, options)


def replica_index() -> int:
    return int(tf.get_static_value(tf.distribute.get_replica_context().replica_id_in_sync_group))


def create_seen() -> tf.Variable:
    return tf.Variable(
        0.0,
        synchronization=tf.VariableSynchronization.ON_READ,
        aggregation=tf.VariableAggregation.SUM,
    )


@scenario(
    sites=("outside_scope",),
    modes=("eager",),
    strategies=("multi_worker_mirrored",),
    timeout=4.0,
)
@breaks(
    "hang",
    when=lambda case: case.workers > 1,
    cure="let every worker compute the mean, and only the chief write it (see logged_by_chief)",
)
def computed_by_chief(bed: Bed) -> None:
    """The chief alone can compute the mean loss of all replicas, for its log."""
    errors = bed.data(lambda replica: replica + 1.0)
    if bed.worker == 0:
        bed.claim(bed.run(mean_of_double, errors), value=bed.case.replicas + 1)


@scenario(
    sites=("outside_scope",),
    modes=("eager",),
    strategies=("multi_worker_mirrored",),
)
@breaks(
    "rejected",
    error="DeadlineExceededError",
    when=lambda case: case.workers > 1,
    cure="keep the timeout, and let every worker compute the sum",
)
def computed_by_chief_with_timeout(bed: Bed) -> None:
    """With timeout_seconds the chief alone can compute a sum, as nothing waits for ever."""
    numbers = bed.data(lambda replica: replica + 1.0)
    if bed.worker == 0:
        replicas = bed.case.replicas
        bed.claim(bed.run(sum_of_all_or_error, numbers), value=replicas * (replicas + 1) / 2)


@scenario(sites=("outside_scope",), modes=("function",))
def logged_by_chief(bed: Bed) -> None:
    """The chief can log a mean loss that every worker computes."""
    mean = bed.run(mean_of_double, bed.data(lambda replica: replica + 1.0))
    if bed.worker == 0:
        print("mean loss", mean)
    bed.claim(mean, value=bed.case.replicas + 1)


@scenario(
    sites=("in_scope",),
    modes=("eager",),
    strategies=("multi_worker_mirrored",),
    timeout=4.0,
)
@breaks(
    "hang",
    when=lambda case: case.workers > 1,
    cure="let every worker read the variable, and only the chief write what it read",
)
def sum_read_by_chief(bed: Bed) -> None:
    """The chief alone can read a variable that is summed over all replicas."""
    seen = bed.make(create_seen)
    bed.run(lambda: seen.assign_add(1.0), times=3)
    if bed.worker == 0:
        bed.claim(seen.numpy(), value=3.0 * bed.case.replicas)


@scenario(sites=("outside_scope",), modes=("eager",))
@breaks(
    "workers_diverge",
    when=lambda case: case.workers > 1,
    cure="make the extra collective on every worker, at the same place (see extra_on_all)",
)
def extra_on_chief(bed: Bed) -> None:
    """A sum that the chief logs before its steps, and others after them, leaves the steps right."""
    bed.claim(sums_of_steps(bed, log_first=bed.worker == 0), value=sums_claimed(bed))


@scenario(sites=("outside_scope",), modes=("eager",))
def extra_on_all(bed: Bed) -> None:
    """A sum that every worker logs before its steps leaves the sums of the steps right."""
    bed.claim(sums_of_steps(bed, log_first=True), value=sums_claimed(bed))


def sums_of_steps(bed: Bed, log_first: bool) -> list[float]:
    def total(number: float) -> float:
        totals = bed.run(lambda: sum_of_all(tf.constant(number)))
        return float(bed.strategy.experimental_local_results(totals)[0])

    if log_first:
        total(1000.0)
    sums = [total(1.0), total(10.0), total(100.0)]
    if not log_first:
        total(1000.0)
    return sums


def sums_claimed(bed: Bed) -> list[float]:
    return [bed.case.replicas * number for number in (1.0, 10.0, 100.0)]


@scenario(sites=("outside_scope",))
@breaks(
    "wrong_value",
    when=lambda case: case.replicas > 1,
    cure="let all replicas go through them in one order, like sorted(names)",
)
def opposite_order(bed: Bed) -> None:
    """Two sums hold what they sum, in whichever order a replica asks for them."""

    def sums() -> tuple[tf.Tensor, tf.Tensor]:
        if replica_index() % 2:
            tens = sum_of_all(tf.constant(10.0))
            return sum_of_all(tf.constant(1.0)), tens
        return sum_of_all(tf.constant(1.0)), sum_of_all(tf.constant(10.0))

    ones, tens = bed.run(sums)
    bed.claim(ones, value=bed.case.replicas)
    bed.claim(tens, value=10.0 * bed.case.replicas)


@scenario(sites=("outside_scope",), modes=("eager",))
def same_order(bed: Bed) -> None:
    """Two sums hold what they sum where all replicas ask for them in one order."""
    ones, tens = bed.run(lambda: (sum_of_all(tf.constant(1.0)), sum_of_all(tf.constant(10.0))))
    bed.claim(ones, value=bed.case.replicas)
    bed.claim(tens, value=10.0 * bed.case.replicas)


@scenario(sites=("outside_scope",), modes=("eager",), strategies=("default", "mirrored"))
@breaks(
    "rejected",
    error="a different number of replica_context().merge_call() calls",
    when=lambda case: case.replicas > 1,
    cure="let every replica compute the sum, and only the first one use it",
)
def computed_by_first_replica(bed: Bed) -> None:
    """The first replica alone can compute the sum of all replicas."""

    def step() -> tf.Tensor:
        return sum_of_all(tf.constant(1.0)) if replica_index() == 0 else tf.constant(0.0)

    first = bed.strategy.experimental_local_results(bed.run(step))[0]
    bed.claim(first, value=bed.case.replicas)


@scenario(sites=("outside_scope",), modes=("function",))
@breaks(
    "rejected",
    error="Shape mismatch in the collective instance",
    when=lambda case: case.replicas > 1,
    cure="reduce the batch to a fixed shape first (see unequal_batches_summed_first)",
)
def unequal_batches(bed: Bed) -> None:
    """The sum of all examples is right where replicas have batches of different lengths."""
    batches = bed.data(lambda replica: [1.0] * (replica + 1))
    total = bed.run(lambda batch: tf.reduce_sum(sum_of_all(batch**2)), batches)
    bed.claim(total, value=bed.case.replicas * (bed.case.replicas + 1) / 2)


@scenario(sites=("outside_scope",), modes=("function",))
def unequal_batches_summed_first(bed: Bed) -> None:
    """Each replica's sum can be summed, whatever the lengths of their batches."""
    batches = bed.data(lambda replica: [1.0] * (replica + 1))
    total = bed.run(lambda batch: sum_of_all(tf.reduce_sum(batch**2)), batches)
    bed.claim(total, value=bed.case.replicas * (bed.case.replicas + 1) / 2)


@scenario(sites=("outside_scope",), modes=("function",))
@breaks(
    "rejected",
    error="destinations can not be empty",
    when=lambda case: case.strategy == "multi_worker_mirrored" and case.replicas_per_worker == 1,
    cure="sum something that the replica computes, be it tf.identity of the argument",
)
def sum_of_argument(bed: Bed) -> None:
    """In a tf.function, a replica can sum its argument as it is."""
    total = bed.run(sum_of_all, bed.data(lambda replica: replica + 1.0))
    bed.claim(total, value=bed.case.replicas * (bed.case.replicas + 1) / 2)


@scenario(sites=("outside_scope",), modes=("function",))
def sum_of_identity(bed: Bed) -> None:
    """In a tf.function, a replica can sum the tf.identity of its argument."""
    numbers = bed.data(lambda replica: replica + 1.0)
    total = bed.run(lambda number: sum_of_all(tf.identity(number)), numbers)
    bed.claim(total, value=bed.case.replicas * (bed.case.replicas + 1) / 2)


@scenario(sites=("outside_scope",), modes=("eager",))
@breaks(
    "wrong_value",
    when=lambda case: case.replicas_per_worker > 1,
    cure="sum something that the replica computes, be it tf.identity of the tensor",
)
def sum_of_shared_tensor(bed: Bed) -> None:
    """A tensor that all replicas share is summed once for each replica."""
    shared = tf.constant(5.0)
    bed.claim(bed.run(lambda: sum_of_all(shared)), value=5.0 * bed.case.replicas)


@scenario(sites=("outside_scope",), modes=("eager",))
def traced_in_another_order(bed: Bed) -> None:
    """Workers may trace two functions in any order, as they call them in the same one."""
    run = bed.strategy.run
    train = tf.function(lambda: run(lambda: sum_of_all(tf.constant(1.0))))
    evaluate = tf.function(lambda: run(lambda: sum_of_all(tf.constant(10.0))))
    for function in (train, evaluate) if bed.worker == 0 else (evaluate, train):
        function.get_concrete_function()
    bed.claim(train(), value=bed.case.replicas)
    bed.claim(evaluate(), value=10.0 * bed.case.replicas)


if __name__ == "__main__":
    run_script()
