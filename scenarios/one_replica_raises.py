"""One replica raises: the training loop catches that, and skips the batch."""

import contextlib
from collections.abc import Callable

import tensorflow as tf

from testbed import Bed, breaks, run_script, scenario

GROUP = "what people do"


def create() -> tf.Variable:
    return tf.Variable(0.0)


def create_aggregated() -> tf.Variable:
    return tf.Variable(0.0, aggregation=tf.VariableAggregation.MEAN)


def skipping(seen: tf.Variable) -> Callable[[tf.Tensor], None]:
    def step(loss: tf.Tensor) -> None:
        tf.debugging.assert_all_finite(loss, "the loss is not finite")
        seen.assign_add(tf.ones([]))

    return step


def skipping_together(seen: tf.Variable) -> Callable[[tf.Tensor], None]:
    def step(loss: tf.Tensor) -> None:
        good = tf.cast(tf.math.is_finite(loss), tf.float32)
        context = tf.distribute.get_replica_context()
        all_good = context.all_reduce(tf.distribute.ReduceOp.MEAN, good) == 1.0
        seen.assign_add(tf.cast(all_good, tf.float32))

    return step


def train(bed: Bed, step: Callable[[tf.Tensor], None]) -> None:
    """One batch, which is bad on the last of all replicas."""
    last = bed.case.replicas - 1
    loss = bed.data(lambda replica: float("nan") if replica == last else 1.0 + replica)
    with contextlib.suppress(tf.errors.InvalidArgumentError):
        bed.run(step, loss)


@scenario(modes=("eager",))
@breaks(
    "workers_diverge",
    site="outside_scope",
    when=lambda case: case.workers > 1,
    cure="all_reduce whether the batch is good, and have all replicas skip it by that",
)
@breaks(
    "wrong_value",
    site="outside_scope",
    when=lambda case: case.replicas_per_worker > 1,
    cure="all_reduce whether the batch is good, and have all replicas skip it by that",
)
@breaks(
    "replicas_diverge",
    site="in_scope",
    when=lambda case: case.replicas_per_worker > 1,
    cure="all_reduce whether the batch is good, and have all replicas skip it by that",
)
@breaks(
    "workers_diverge",
    site="in_scope",
    when=lambda case: case.workers > 1,
    cure="all_reduce whether the batch is good, and have all replicas skip it by that",
)
def batch_skipped(bed: Bed) -> None:
    """A batch for which a replica raises before it writes leaves no trace."""
    seen = bed.make(create)
    train(bed, skipping(seen))
    bed.claim(seen, value=0.0)


# Here the replicas write together, so none of them does when one raises. Its own process notices;
# the other workers wait for it.
@scenario(sites=("in_scope",), modes=("eager",), timeout=4.0)
@breaks(
    "hang",
    when=lambda case: case.workers > 1,
    cure="all_reduce whether the batch is good, and have all replicas skip it by that",
)
def batch_skipped_with_aggregation(bed: Bed) -> None:
    """A batch for which a replica raises leaves no trace in a variable with an aggregation."""
    seen = bed.make(create_aggregated)
    train(bed, skipping(seen))
    bed.claim(seen, value=0.0)


@scenario(sites=("in_scope",), modes=("eager",))
def batch_skipped_by_all(bed: Bed) -> None:
    """A batch that all replicas together found bad leaves no trace."""
    seen = bed.make(create_aggregated)
    train(bed, skipping_together(seen))
    bed.claim(seen, value=0.0)


if __name__ == "__main__":
    run_script()
