"""A checkpoint: `tf.train.Checkpoint` writes variables, and restores them somewhere else."""

import tempfile

import tensorflow as tf

from testbed import Bed, breaks, run_script, scenario

GROUP = "kinds of object"


def create_weight() -> tf.Variable:
    return tf.Variable(1.0)


def create_seen() -> tf.Variable:
    return tf.Variable(
        0.0,
        synchronization=tf.VariableSynchronization.ON_READ,
        aggregation=tf.VariableAggregation.SUM,
    )


def create_loose_weight() -> tf.Variable:
    return tf.Variable(1.0, aggregation=tf.VariableAggregation.NONE)


def create_kept(replicas: int) -> tf.Variable:
    return tf.Variable([0.0] * replicas, aggregation=tf.VariableAggregation.SUM)


def own_entry(number: tf.Tensor, replicas: int) -> tf.Tensor:
    replica = tf.distribute.get_replica_context().replica_id_in_sync_group
    return number * tf.one_hot(replica, replicas)


def written(variable: tf.Variable) -> str:
    """Write the variable; every worker to a folder of its own, as none of them may share one."""
    checkpoint = tf.train.Checkpoint(weight=variable)
    return str(checkpoint.write(f"{tempfile.mkdtemp()}/checkpoint"))


def restore(variable: tf.Variable, path: str) -> tf.Variable:
    tf.train.Checkpoint(weight=variable).read(path).assert_consumed()
    return variable


def restore_new(path: str) -> tf.Variable:
    return restore(create_weight(), path)


def create_after_restore(path: str) -> tf.Variable:
    checkpoint = tf.train.Checkpoint()
    status = checkpoint.read(path)
    checkpoint.weight = create_weight()
    status.assert_consumed()
    return checkpoint.weight


@scenario(modes=("eager",))
@breaks("misplaced", site="outside_scope", when=lambda case: case.strategy == "one_device")
@breaks("not_mirrored", site="outside_scope", when=lambda case: case.replicas > 1)
def restored(bed: Bed) -> None:
    """A checkpoint written without a strategy restores every copy of a weight."""
    path = written(tf.Variable(7.0))
    bed.claim(bed.make(restore_new, path), value=7.0, mirrored=True)


@scenario(modes=("eager",))
def restored_anywhere(bed: Bed) -> None:
    """Restoring into a weight of the scope is right, in the scope and outside of it."""
    with bed.strategy.scope():
        weight = create_weight()
    bed.make(restore, weight, written(tf.Variable(7.0)))
    bed.claim(weight, value=7.0, mirrored=True)


@scenario(modes=("eager",))
@breaks("misplaced", site="outside_scope", when=lambda case: case.strategy == "one_device")
@breaks("not_mirrored", site="outside_scope", when=lambda case: case.replicas > 1)
def restored_before_created(bed: Bed) -> None:
    """A weight that is created after the restore gets the value, on every replica."""
    path = written(tf.Variable(7.0))
    bed.claim(bed.make(create_after_restore, path), value=7.0, mirrored=True)


@scenario(sites=("in_scope",), modes=("eager",))
def sum_over_replicas(bed: Bed) -> None:
    """A variable that is summed over replicas has its sum again after a restore."""
    seen = bed.make(create_seen)
    bed.run(lambda number: seen.assign_add(number), bed.data(lambda replica: replica + 1.0))
    path = written(seen)
    bed.run(lambda: seen.assign_add(100.0))
    restore(seen, path)
    bed.claim(seen.read_value(), value=bed.case.replicas * (bed.case.replicas + 1) / 2)


@scenario(sites=("in_scope",), modes=("eager",))
@breaks(
    "workers_diverge",
    when=lambda case: case.workers > 1,
    cure="restore on every worker, each from a path that it can read",
)
def restored_by_chief(bed: Bed) -> None:
    """What the chief restores is there on every worker."""
    weight = bed.make(create_weight)
    path = written(tf.Variable(7.0))
    if bed.worker == 0:
        restore(weight, path)
    bed.claim(weight, value=7.0)


@scenario(sites=("in_scope",), modes=("eager",))
@breaks(
    "wrong_value",
    when=lambda case: case.replicas_per_worker > 1,
    cure="keep what differs in a variable with one entry for each replica (see kept_by_replica)",
)
def copies_that_differ(bed: Bed) -> None:
    """Copies that differ, as each replica assigns its own, are each restored."""
    weight = bed.make(create_loose_weight)
    bed.run(lambda number: weight.assign(number), bed.data(lambda replica: 10.0 * (replica + 1)))
    path = written(weight)
    bed.run(lambda: weight.assign(0.0))
    restore(weight, path)
    total = bed.strategy.reduce("SUM", bed.run(lambda: weight + 0.0), axis=None)
    bed.claim(total, value=5.0 * bed.case.replicas * (bed.case.replicas + 1))


@scenario(sites=("in_scope",), modes=("eager",))
def kept_by_replica(bed: Bed) -> None:
    """What each replica keeps in its own entry of one variable is restored."""
    kept = bed.make(lambda: create_kept(bed.case.replicas))
    numbers = bed.data(lambda replica: 10.0 * (replica + 1))
    bed.run(lambda number: kept.assign(own_entry(number, bed.case.replicas)), numbers)
    path = written(kept)
    bed.run(lambda: kept.assign(tf.zeros(bed.case.replicas)))
    restore(kept, path)
    bed.claim(kept, value=[10.0 * (replica + 1) for replica in range(bed.case.replicas)])


@scenario(
    sites=("in_scope",),
    modes=("eager",),
    strategies=("multi_worker_mirrored",),
    timeout=4.0,
)
@breaks(
    "hang",
    when=lambda case: case.workers > 1,
    cure="write on every worker, all but the chief to a folder that is thrown away",
)
def sum_written_by_chief(bed: Bed) -> None:
    """The chief alone can write a variable that is summed over replicas."""
    seen = bed.make(create_seen)
    bed.run(lambda: seen.assign_add(1.0))
    if bed.worker == 0:
        path = written(seen)
        bed.claim(tf.train.load_variable(path, "weight"), value=bed.case.replicas)


if __name__ == "__main__":
    run_script()
