"""Random numbers: a `tf.random.Generator`, seeded operations, and NumPy."""

from collections.abc import Callable

import numpy as np
import tensorflow as tf

from testbed import Bed, breaks, run_script, scenario

GROUP = "kinds of object"


def create_generator() -> tf.random.Generator:
    return tf.random.Generator.from_seed(5)


def distinct(bed: Bed, draw: Callable[[], tf.Tensor]) -> int:
    """How many different numbers all replicas of all workers draw in one step."""
    numbers = bed.strategy.gather(bed.run(lambda: tf.identity(draw())), axis=0)
    return len(set(numbers.numpy().tolist()))


def draws_used(generator: tf.random.Generator, before: tf.Tensor) -> int:
    """How far a generator has moved from an earlier state, in draws of one number."""
    other = create_generator()
    start = int(other.state[0])
    other.uniform([])
    return int(generator.state[0] - before[0]) // (int(other.state[0]) - start)


@scenario(modes=("function",))
@breaks("wrong_value", site="outside_scope", when=lambda case: case.workers > 1)
def own_stream(bed: Bed) -> None:
    """With a seeded generator, every replica draws a number of its own."""
    generator = bed.make(create_generator)
    bed.claim(distinct(bed, lambda: generator.uniform([1])), value=bed.case.replicas)


@scenario(modes=("eager",))
@breaks(
    "counted_per_replica",
    site="outside_scope",
    when=lambda case: case.replicas_per_worker > 1,
    cure="create the generator inside strategy.scope()",
)
def state(bed: Bed) -> None:
    """A step in which each replica draws once moves the generator by one draw."""
    generator = bed.make(create_generator)
    before = tf.identity(generator.state)
    bed.run(lambda: generator.uniform([]), times=5)
    bed.claim(draws_used(generator, before), value=5)


@scenario(modes=("eager",))
@breaks("misplaced", site="outside_scope", when=lambda case: case.strategy == "one_device")
@breaks("not_mirrored", site="outside_scope", when=lambda case: case.replicas > 1)
def state_copies(bed: Bed) -> None:
    """Every replica has its own copy of the generator's state."""
    bed.claim(bed.make(create_generator).state, mirrored=True)


@scenario(sites=("outside_scope",), modes=("function",))
@breaks(
    "wrong_value",
    when=lambda case: case.workers > 1,
    cure="draw from a generator made in the scope (see own_stream), or add the worker to the seed",
)
def global_seed(bed: Bed) -> None:
    """With tf.random.set_seed, every replica draws a number of its own."""
    tf.random.set_seed(1)
    bed.claim(distinct(bed, lambda: tf.random.uniform([1])), value=bed.case.replicas)


@scenario(sites=("outside_scope",), modes=("function",))
def global_seed_of_worker(bed: Bed) -> None:
    """With another tf.random.set_seed on each worker, every replica draws its own number."""
    tf.random.set_seed(1 + bed.worker)
    bed.claim(distinct(bed, lambda: tf.random.uniform([1])), value=bed.case.replicas)


@scenario(sites=("outside_scope",), modes=("function",))
@breaks(
    "wrong_value",
    when=lambda case: case.replicas > 1,
    cure="draw from a generator made in the scope (see own_stream)",
)
def operation_seed(bed: Bed) -> None:
    """With a seed for the operation, every replica draws a number of its own."""
    tf.random.set_seed(1)
    bed.claim(distinct(bed, lambda: tf.random.uniform([1], seed=7)), value=bed.case.replicas)


@scenario(sites=("outside_scope",), modes=("function",))
@breaks(
    "wrong_value",
    when=lambda case: case.replicas > 1,
    cure="fold the replica's number into the seed (see stateless_seed_of_replica)",
)
def stateless_seed(bed: Bed) -> None:
    """With a stateless seed, every replica draws a number of its own."""
    draws = distinct(bed, lambda: tf.random.stateless_uniform([1], seed=[1, 2]))
    bed.claim(draws, value=bed.case.replicas)


@scenario(sites=("outside_scope",), modes=("function",))
def stateless_seed_of_replica(bed: Bed) -> None:
    """With its number folded into a stateless seed, every replica draws its own number."""

    def draw() -> tf.Tensor:
        replica = tf.distribute.get_replica_context().replica_id_in_sync_group
        seed = tf.random.experimental.stateless_fold_in([1, 2], replica)
        return tf.random.stateless_uniform([1], seed=seed)

    bed.claim(distinct(bed, draw), value=bed.case.replicas)


@scenario(sites=("outside_scope",), strategies=("default", "mirrored"))
@breaks(
    "frozen_in_trace",
    mode="function",
    cure="draw with TensorFlow, from a generator made in the scope (see own_stream)",
)
def drawn_by_numpy(bed: Bed) -> None:
    """Every step draws another number from NumPy."""

    def draw() -> tf.Tensor:
        return tf.constant(np.random.rand())

    steps = {float(bed.strategy.experimental_local_results(bed.run(draw))[0]) for _ in range(3)}
    bed.claim(len(steps), value=3, stale=1)


if __name__ == "__main__":
    run_script()
