"""numpy in a step: its random numbers and arrays live in the process, not on the replicas."""

import numpy
import tensorflow as tf

from testbed import Bed, breaks, run_script, scenario

GROUP = "kinds of object"

SEED = 7

generator = numpy.random.default_rng(SEED)
history = numpy.zeros(8, numpy.float32)


def numpy_noise() -> tf.Tensor:
    return tf.constant(generator.random(), tf.float32)


@scenario(sites=("outside_scope",))
@breaks(
    "frozen_in_trace",
    mode="function",
    cure="draw with tf.random.stateless_uniform from a seed that is passed to the step",
)
def drawn_anew(bed: Bed) -> None:
    """A step that draws from numpy draws another number the next time."""
    first = bed.strategy.reduce("sum", bed.run(numpy_noise), axis=None)
    second = bed.strategy.reduce("sum", bed.run(numpy_noise), axis=None)
    # A trace keeps the number that was drawn while tracing, so the second is the first.
    bed.claim(float(first) != float(second), value=True, stale=False)


@scenario(sites=("outside_scope",))
@breaks(
    "replicas_diverge",
    when=lambda case: case.replicas_per_worker > 1,
    cure="draw with tf.random.stateless_uniform from a seed that is passed to the step",
)
def same_everywhere(bed: Bed) -> None:
    """With the same seed in every process, a step draws the same number on every replica."""
    bed.claim(bed.run(numpy_noise), equal=True)


@scenario(sites=("outside_scope",))
def stateless_draws(bed: Bed) -> None:
    """A stateless draw is another one in the next step, and the same on every replica."""

    def noise(step: tf.Tensor) -> tf.Tensor:
        return tf.random.stateless_uniform([], seed=tf.stack([SEED, step]))

    first = bed.run(noise, tf.constant(1))
    second = bed.run(noise, tf.constant(2))
    bed.claim(first, equal=True)
    bed.claim(second, equal=True)
    local = bed.strategy.experimental_local_results
    bed.claim(float(local(first)[0]) != float(local(second)[0]), value=True, stale=False)


@scenario(sites=("outside_scope",))
@breaks(
    "rejected",
    error="setting an array element with a sequence",
    mode="function",
    cure="reduce what strategy.run returns, and write that into the array",
)
@breaks(
    "last_replica_wins",
    when=lambda case: case.replicas_per_worker > 1,
    cure="reduce what strategy.run returns, and write that into the array",
)
@breaks(
    "workers_diverge",
    when=lambda case: case.workers > 1,
    cure="reduce what strategy.run returns, and write that into the array",
)
def loss_in_array(bed: Bed) -> None:
    """An array that the step writes its loss into holds the mean loss of all replicas."""

    def step(error: tf.Tensor) -> None:
        history[0] = error**2

    bed.run(step, bed.data(lambda replica: replica + 1.0))
    losses = [(replica + 1.0) ** 2 for replica in range(bed.case.replicas)]
    bed.claim(float(history[0]), value=sum(losses) / len(losses), per_replica=losses)


@scenario(sites=("outside_scope",))
def reduced_loss_in_array(bed: Bed) -> None:
    """An array that the reduced loss is written into holds the mean loss of all replicas."""
    loss = bed.run(tf.square, bed.data(lambda replica: replica + 1.0))
    history[0] = bed.strategy.reduce("mean", loss, axis=None)
    losses = [(replica + 1.0) ** 2 for replica in range(bed.case.replicas)]
    bed.claim(float(history[0]), value=sum(losses) / len(losses))


if __name__ == "__main__":
    run_script()
