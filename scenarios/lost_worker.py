"""A worker is lost, late or slow: what its peers notice of it, and when."""

import tensorflow as tf

from testbed import Bed, Fault, breaks, run_script, scenario

GROUP = "what happens to workers"

STEPS = 6
NETWORK = ("multi_worker_mirrored",)


def create_counter() -> tf.Variable:
    return tf.Variable(0.0, aggregation=tf.VariableAggregation.MEAN)


def count(bed: Bed) -> None:
    counter = bed.make(create_counter)
    bed.run(lambda: counter.assign_add(1.0), times=STEPS)
    bed.claim(counter, value=STEPS)


@scenario(
    sites=("in_scope",), modes=("function",), strategies=NETWORK, fault=Fault("kill", 0, "step 3")
)
@breaks(
    "rejected",
    error="UnavailableError",
    cure="restart all workers, from a checkpoint (see preemption.py and backup_and_restore.py)",
)
def leader_killed(bed: Bed) -> None:
    """When the first worker is killed its peers go on counting."""
    count(bed)


@scenario(
    sites=("in_scope",), modes=("function",), strategies=NETWORK, fault=Fault("kill", 1, "step 3")
)
@breaks(
    "rejected",
    error="UnavailableError",
    cure="restart all workers, from a checkpoint; it takes ten seconds until they notice",
)
def worker_killed(bed: Bed) -> None:
    """When another worker than the first is killed its peers go on counting."""
    count(bed)


@scenario(
    sites=("in_scope",),
    modes=("function",),
    strategies=NETWORK,
    fault=Fault("kill", 0, "step 3"),
    restarts=1,
)
def all_restarted(bed: Bed) -> None:
    """All workers started again, on new ports, count from the beginning and come to their end."""
    count(bed)


@scenario(
    sites=("in_scope",),
    modes=("function",),
    strategies=NETWORK,
    fault=Fault("absent", 1),
    timeout=5.0,
)
@breaks(
    "hang",
    cure="have whoever starts the workers watch that all of them start",
)
def never_started(bed: Bed) -> None:
    """The others count without a worker that never starts."""
    count(bed)


@scenario(
    sites=("in_scope",),
    modes=("function",),
    strategies=NETWORK,
    fault=Fault("stop", 1, "step 3", seconds=2.0),
)
def stopped_for_a_moment(bed: Bed) -> None:
    """A worker that stands still for two seconds keeps the others waiting, and no more."""
    count(bed)


@scenario(
    sites=("in_scope",),
    modes=("function",),
    strategies=NETWORK,
    fault=Fault("cut", 1, "step 3", seconds=2.0),
)
def cut_off_for_a_moment(bed: Bed) -> None:
    """A network that is gone for two seconds loses nothing."""
    count(bed)


@scenario(
    sites=("in_scope",),
    modes=("function",),
    strategies=NETWORK,
    fault=Fault("slow", 1, "step 3", seconds=2.0),
)
def slowed_down(bed: Bed) -> None:
    """All workers are as slow as the slowest one, and count right."""
    count(bed)


@scenario(
    sites=("in_scope",),
    modes=("function",),
    strategies=NETWORK,
    fault=Fault("terminate", 1, "step 3"),
)
def told_to_end(bed: Bed) -> None:
    """SIGTERM does not end a worker: TensorFlow swallows it, and counting goes on."""
    count(bed)


if __name__ == "__main__":
    run_script()
