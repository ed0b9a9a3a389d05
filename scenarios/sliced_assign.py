"""Assigning a part: `table[0].assign(...)` and the scatter methods of a variable."""

import tensorflow as tf

from testbed import Bed, breaks, run_script, scenario

GROUP = "what people do"

# A cure needs no single device beside it.
REPLICATED = ("mirrored", "multi_worker_mirrored")

v1 = tf.compat.v1


def create() -> tf.Variable:
    return tf.Variable([[1.0, 2.0], [3.0, 4.0]], aggregation=tf.VariableAggregation.MEAN)


def create_only_first() -> tf.Variable:
    return tf.Variable(
        [[1.0, 2.0], [3.0, 4.0]], aggregation=tf.VariableAggregation.ONLY_FIRST_REPLICA
    )


def mean_of_replicas(bed: Bed) -> float:
    return (bed.case.replicas + 1) * 5.0


@scenario(modes=("eager",))
@breaks(
    "replicas_diverge",
    site="in_scope",
    when=lambda case: case.replicas_per_worker > 1,
    cure="assign the whole of it, as row_replaced does",
)
def row_assigned(bed: Bed) -> None:
    """Assigning a row outside strategy.run changes that row of every copy."""
    table = bed.make(create)
    table[0].assign([7.0, 8.0])
    bed.claim(table, value=[[7.0, 8.0], [3.0, 4.0]])


@scenario(sites=("in_scope",), modes=("eager",), strategies=REPLICATED)
def row_replaced(bed: Bed) -> None:
    """Assigning the whole, with one row replaced, changes that row of every copy."""
    table = bed.make(create)
    table.assign(tf.tensor_scatter_nd_update(table, [[0]], [[7.0, 8.0]]))
    bed.claim(table, value=[[7.0, 8.0], [3.0, 4.0]])


@scenario(sites=("in_scope",), modes=("eager",))
@breaks(
    "rejected",
    error="EagerTensor' object has no attribute 'assign'",
    when=lambda case: case.strategy in ("mirrored", "multi_worker_mirrored"),
    cure="assign the whole of it, as row_replaced does",
)
def row_assigned_within_scope(bed: Bed) -> None:
    """Assigning a row inside strategy.scope() changes that row of every copy."""
    table = bed.make(create)
    with bed.strategy.scope():
        table[0].assign([7.0, 8.0])
    bed.claim(table, value=[[7.0, 8.0], [3.0, 4.0]])


@scenario(sites=("in_scope",), modes=("function",))
@breaks(
    "replicas_diverge",
    when=lambda case: case.replicas_per_worker > 1,
    cure="assign the whole of it, as row_replaced_in_replica does: a slice is not aggregated",
)
@breaks(
    "workers_diverge",
    when=lambda case: case.workers > 1,
    cure="assign the whole of it, as row_replaced_in_replica does: a slice is not aggregated",
)
def row_assigned_in_replica(bed: Bed) -> None:
    """With MEAN, assigning a row in the replicas leaves the mean of what they assign there."""
    table = bed.make(create)

    def step(mine: tf.Tensor) -> None:
        table[0].assign([mine, mine])

    bed.run(step, bed.data(lambda replica: 10.0 * (replica + 1)))
    bed.claim(table, value=[[mean_of_replicas(bed)] * 2, [3.0, 4.0]])


@scenario(sites=("in_scope",), modes=("function",), strategies=REPLICATED)
def row_replaced_in_replica(bed: Bed) -> None:
    """With MEAN, assigning the whole with a row replaced leaves the mean of that row."""
    table = bed.make(create)

    def step(mine: tf.Tensor) -> None:
        table.assign(tf.tensor_scatter_nd_update(table, [[0]], [[mine, mine]]))

    bed.run(step, bed.data(lambda replica: 10.0 * (replica + 1)))
    bed.claim(table, value=[[mean_of_replicas(bed)] * 2, [3.0, 4.0]])


@scenario(sites=("in_scope",), modes=("eager",))
@breaks(
    "replicas_diverge",
    when=lambda case: case.replicas_per_worker > 1,
    cure="assign the whole of it (row_replaced), or use its own method (scattered_by_method)",
)
def scattered_by_function(bed: Bed) -> None:
    """tf.compat.v1.scatter_update outside strategy.run changes that row of every copy."""
    table = bed.make(create)
    v1.scatter_update(table, [0], [[7.0, 8.0]])
    bed.claim(table, value=[[7.0, 8.0], [3.0, 4.0]])


@scenario(sites=("in_scope",), modes=("eager",), strategies=REPLICATED)
def scattered_by_method(bed: Bed) -> None:
    """With ONLY_FIRST_REPLICA, scatter_update outside strategy.run changes every copy."""
    table = bed.make(create_only_first)
    table.scatter_update(tf.IndexedSlices(tf.constant([[7.0, 8.0]]), tf.constant([0])))
    bed.claim(table, value=[[7.0, 8.0], [3.0, 4.0]])


@scenario(sites=("in_scope",), modes=("function",))
@breaks(
    "rejected",
    error="scatter_update is only supported for mirrored variable",
    when=lambda case: case.strategy in ("mirrored", "multi_worker_mirrored"),
    cure="assign the whole of it, as row_replaced_in_replica does",
)
def scattered_in_replica(bed: Bed) -> None:
    """With MEAN, scatter_update in the replicas leaves the mean of what they set."""
    table = bed.make(create)

    def step(mine: tf.Tensor) -> None:
        table.scatter_update(tf.IndexedSlices([[mine, mine]], tf.constant([0])))

    bed.run(step, bed.data(lambda replica: 10.0 * (replica + 1)))
    bed.claim(table, value=[[mean_of_replicas(bed)] * 2, [3.0, 4.0]])


if __name__ == "__main__":
    run_script()
