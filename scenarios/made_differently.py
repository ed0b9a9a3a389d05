"""Made differently: what a variable is, or whether it is made, depends on who makes it."""

import tensorflow as tf

from testbed import Bed, breaks, run_script, scenario

GROUP = "what people do"


def replica_id() -> int:
    return int(tf.distribute.get_replica_context().replica_id_in_sync_group)


def create_by_replica() -> tf.Tensor:
    """The first replica starts with the rate, the others with the bias."""
    if replica_id() == 0:
        rate = tf.Variable(100.0)
        tf.Variable(200.0)
    else:
        tf.Variable(200.0)
        rate = tf.Variable(100.0)
    return rate.read_value()


def create_alike() -> tf.Tensor:
    rate = tf.Variable(100.0)
    tf.Variable(200.0)
    return rate.read_value()


def create_offset(own: tf.Tensor) -> tf.Tensor:
    """How far the variable is from the value that this replica gave it."""
    offset = tf.Variable(own)
    return offset - own


def create_on_last_replica() -> tf.Tensor:
    if replica_id() == tf.distribute.get_strategy().num_replicas_in_sync - 1:
        return tf.Variable(3.0).read_value()
    return tf.constant(3.0)


@scenario(sites=("in_replica",), modes=("eager",), strategies=("mirrored", "multi_worker_mirrored"))
@breaks(
    "replicas_diverge",
    when=lambda case: case.replicas_per_worker > 1,
    cure="make the same variables in the same order on every replica",
)
@breaks(
    "workers_diverge",
    when=lambda case: case.workers > 1,
    cure="make the same variables in the same order on every replica",
)
def in_another_order(bed: Bed) -> None:
    """Replicas may make their variables in different orders."""
    bed.claim(bed.make(create_by_replica), value=100.0)


@scenario(sites=("in_replica",), modes=("eager",), strategies=("mirrored", "multi_worker_mirrored"))
def in_one_order(bed: Bed) -> None:
    """Replicas that make their variables in one order read the values that they gave."""
    bed.claim(bed.make(create_alike), value=100.0)


@scenario(sites=("in_replica",), modes=("eager",))
@breaks(
    "replicas_diverge",
    when=lambda case: case.replicas_per_worker > 1,
    cure="make one variable ON_READ in the scope, and assign to it in the replicas",
)
@breaks(
    "workers_diverge",
    when=lambda case: case.workers > 1,
    cure="make one variable ON_READ in the scope, and assign to it in the replicas",
)
def with_another_value(bed: Bed) -> None:
    """A variable that a replica makes starts with the value that this replica gave."""
    off = bed.make(create_offset, bed.data(lambda replica: 10.0 + replica))
    bed.claim(off, value=0.0)


@scenario(sites=("in_scope",), modes=("eager",))
def with_another_value_on_read(bed: Bed) -> None:
    """A variable ON_READ keeps the value that each replica assigned to it."""
    offset = bed.make(
        lambda: tf.Variable(
            0.0,
            synchronization=tf.VariableSynchronization.ON_READ,
            aggregation=tf.VariableAggregation.MEAN,
        )
    )

    def set_offset(own: tf.Tensor) -> tf.Tensor:
        offset.assign(own)
        return offset.read_value() - own

    bed.claim(bed.run(set_offset, bed.data(lambda replica: 10.0 + replica)), value=0.0)


@scenario(sites=("in_replica",), modes=("eager",), strategies=("mirrored",))
@breaks(
    "rejected",
    error="with mismatching name on device 1",
    cure="make it on every replica, and use it where it is needed",
)
def on_one_replica(bed: Bed) -> None:
    """A replica may make a variable that the others do not make."""
    bed.claim(bed.make(create_on_last_replica), value=3.0)


# Worker 1's variable takes the 7 that the chief broadcasts first, and the chief's second broadcast
# finds nobody.
@scenario(modes=("eager",), strategies=("multi_worker_mirrored",), timeout=4.0)
@breaks(
    "hang",
    site="in_scope",
    when=lambda case: case.workers > 1,
    cure="make it on all workers, or make it outside the scope if it is the chief's alone",
)
def on_the_chief(bed: Bed) -> None:
    """The chief may make one variable more than the other workers, to keep its best score."""

    def create() -> tf.Variable:
        if bed.worker == 0:
            tf.Variable(7.0)
        return tf.Variable(50.0)

    bed.claim(bed.make(create), value=50.0)


if __name__ == "__main__":
    run_script()
