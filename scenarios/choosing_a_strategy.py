"""Choosing a strategy: where a variable lives, what a counter counts, what an optimizer does."""

import tensorflow as tf

from testbed import Bed, breaks, run_script, scenario

GROUP = "what people do"

ALL = (
    "default",
    "one_device",
    "mirrored",
    "multi_worker_mirrored",
    "central_storage",
    "parameter_server",
)


@scenario(sites=("in_scope",), modes=("function",), strategies=ALL)
@breaks(
    "not_mirrored",
    when=lambda case: case.strategy == "central_storage",
    cure="nothing to cure: this strategy keeps one copy on purpose; choose mirrored for copies",
)
@breaks(
    "misplaced",
    when=lambda case: case.strategy == "parameter_server",
    cure="nothing to cure: this strategy keeps variables on its servers on purpose",
)
def variable(bed: Bed) -> None:
    """A variable made in the scope has a copy on every replica."""
    weight = bed.make(lambda: tf.Variable([1.0, 2.0]))
    tripled = bed.run(lambda: weight * 3.0)
    bed.claim(tripled, value=[3.0, 6.0])
    bed.claim(weight, value=[1.0, 2.0], mirrored=True)


@scenario(modes=("function",), strategies=ALL)
@breaks(
    "counted_per_replica",
    site="outside_scope",
    when=lambda case: case.replicas_per_worker > 1,
)
def counter(bed: Bed) -> None:
    """A counter counts steps, however many replicas take them."""
    steps = bed.make(lambda: tf.Variable(0.0, aggregation=tf.VariableAggregation.MEAN))
    bed.run(lambda: steps.assign_add(1.0), times=5)
    bed.claim(steps, value=5.0)


@scenario(sites=("in_scope",), modes=("function",), strategies=ALL)
def optimizer_step(bed: Bed) -> None:
    """A step of an optimizer of the scope moves the weight once, and by the mean gradient."""

    def build() -> tuple[tf.Variable, tf.keras.optimizers.Optimizer]:
        weight = tf.Variable(1.0)
        optimizer = tf.keras.optimizers.SGD(0.1, momentum=0.9)
        optimizer.build([weight])
        return weight, optimizer

    weight, optimizer = bed.make(build)

    def descend() -> None:
        context = tf.distribute.get_replica_context()
        replica = tf.cast(context.replica_id_in_sync_group, tf.float32)
        gradient = (replica + 1.0) / bed.strategy.num_replicas_in_sync
        optimizer.apply_gradients([(gradient, weight)])

    bed.run(descend)
    bed.claim(optimizer.iterations, value=1)
    bed.claim(weight, value=1.0 - 0.1 * (bed.strategy.num_replicas_in_sync + 1) / 2)


if __name__ == "__main__":
    run_script()
