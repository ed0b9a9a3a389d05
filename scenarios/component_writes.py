"""Behind the variable's back: writing to a component, to a handle, or by a ConcreteFunction."""

import tensorflow as tf

from testbed import Bed, breaks, run_script, scenario

GROUP = "what people do"

# A cure needs no single device beside it.
REPLICATED = ("mirrored", "multi_worker_mirrored")


def create() -> tf.Variable:
    return tf.Variable(1.0, aggregation=tf.VariableAggregation.MEAN)


@scenario(sites=("in_scope",), modes=("eager",))
@breaks(
    "replicas_diverge",
    when=lambda case: case.replicas_per_worker > 1,
    cure="assign to the variable itself, as whole_variable does",
)
def first_component(bed: Bed) -> None:
    """Assigning to what experimental_local_results gives first assigns to the variable."""
    weight = bed.make(create)
    bed.strategy.experimental_local_results(weight)[0].assign(50.0)
    bed.claim(weight, value=50.0)


@scenario(sites=("in_scope",), modes=("eager",), strategies=REPLICATED)
def whole_variable(bed: Bed) -> None:
    """Assigning to the variable itself, outside strategy.run, assigns to every copy."""
    weight = bed.make(create)
    weight.assign(50.0)
    bed.claim(weight, value=50.0)


@scenario(sites=("in_scope",), modes=("eager",))
@breaks(
    "replicas_diverge",
    when=lambda case: case.replicas_per_worker > 1,
    cure="assign to the variable itself: outside strategy.run the handle is that of one copy",
)
def handle(bed: Bed) -> None:
    """A raw operation on the handle of the variable changes the variable."""
    weight = bed.make(create)
    tf.raw_ops.AssignAddVariableOp(resource=weight.handle, value=tf.constant(49.0))
    bed.claim(weight, value=50.0)


@scenario(sites=("in_scope",), modes=("eager",))
@breaks(
    "counted_per_replica",
    when=lambda case: case.replicas_per_worker > 1,
    cure="count in a plain function, as counted_in_plain_function does",
)
def counted_in_concrete_function(bed: Bed) -> None:
    """A counter counts steps that replicas take by a ConcreteFunction made before."""
    steps = bed.make(create)
    count = tf.function(lambda: steps.assign_add(1.0)).get_concrete_function()
    bed.run(lambda: count(), times=3)
    bed.claim(steps, value=4.0, start=1.0)


@scenario(sites=("in_scope",), modes=("eager",))
@breaks(
    "rejected",
    error="`merge_call` called while defining a new graph or a tf.function",
    when=lambda case: case.replicas_per_worker > 1,
    cure="count in a plain function, as counted_in_plain_function does",
)
def counted_in_function(bed: Bed) -> None:
    """A counter counts steps that replicas take by a tf.function called before."""
    steps = bed.make(create)
    count = tf.function(lambda: steps.assign_add(1.0))
    count()
    bed.run(lambda: count(), times=3)
    bed.claim(steps, value=5.0, start=2.0)


@scenario(sites=("in_scope",), modes=("function",), strategies=REPLICATED)
def counted_in_plain_function(bed: Bed) -> None:
    """A counter counts steps that replicas take by a plain function, traced around all of it."""
    steps = bed.make(create)
    bed.run(lambda: steps.assign_add(1.0), times=3)
    bed.claim(steps, value=4.0, start=1.0)


@scenario(sites=("in_scope",), modes=("eager",))
@breaks(
    "last_replica_wins",
    when=lambda case: case.replicas_per_worker > 1,
    cure="assign in a plain function, and make the call of strategy.run a tf.function",
)
@breaks(
    "workers_diverge",
    when=lambda case: case.workers > 1,
    cure="assign in a plain function, and make the call of strategy.run a tf.function",
)
def assigned_by_concrete_function(bed: Bed) -> None:
    """With MEAN, a ConcreteFunction that replicas call leaves the mean of what they assign."""
    loss = bed.make(create)
    keep = tf.function(lambda value: loss.assign(value)).get_concrete_function(
        tf.TensorSpec([], tf.float32)
    )
    bed.run(lambda mine: keep(mine), bed.data(lambda replica: 10.0 * (replica + 1)))
    losses = [10.0 * (replica + 1) for replica in range(bed.case.replicas)]
    bed.claim(loss, value=sum(losses) / len(losses), per_replica=losses)


@scenario(sites=("in_scope",), modes=("function",), strategies=REPLICATED)
def assigned_by_plain_function(bed: Bed) -> None:
    """With MEAN, a plain function that replicas call leaves the mean of what they assign."""
    loss = bed.make(create)
    bed.run(lambda mine: loss.assign(mine), bed.data(lambda replica: 10.0 * (replica + 1)))
    bed.claim(loss, value=5.0 * (bed.case.replicas + 1))


if __name__ == "__main__":
    run_script()
