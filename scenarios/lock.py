"""A lock: replica functions run in threads, so people guard what they share."""

import threading
from collections.abc import Callable

import tensorflow as tf

from testbed import Bed, breaks, run_script, scenario

GROUP = "what people do"

lock = threading.Lock()
events: list[str] = []


def create() -> tf.Variable:
    return tf.Variable(0.0, aggregation=tf.VariableAggregation.MEAN)


def counting_under_lock(steps: tf.Variable) -> Callable[[], None]:
    def step() -> None:
        with lock:
            # The replica waits here for all others, and they wait for the lock.
            steps.assign_add(1.0)

    return step


def counting_beside_lock(steps: tf.Variable) -> Callable[[], None]:
    def step() -> None:
        with lock:
            events.append("step")
        steps.assign_add(1.0)

    return step


@scenario(sites=("in_scope",), modes=("eager",), strategies=("one_device", "mirrored"), timeout=4.0)
@breaks(
    "hang",
    when=lambda case: case.replicas_per_worker > 1,
    cure="let go of the lock before anything in which replicas wait for each other",
)
def around_an_assignment(bed: Bed) -> None:
    """A lock around the assignment to a shared counter makes replicas take turns."""
    steps = bed.make(create)
    bed.run(counting_under_lock(steps), times=5)
    bed.claim(steps, value=5.0)


@scenario(sites=("in_scope",), modes=("eager",), strategies=("one_device", "mirrored"))
def around_python(bed: Bed) -> None:
    """A lock around what is Python's alone makes replicas take turns."""
    steps = bed.make(create)
    bed.run(counting_beside_lock(steps), times=5)
    bed.claim(len(events), value=5 * bed.case.replicas_per_worker)
    bed.claim(steps, value=5.0)


if __name__ == "__main__":
    run_script()
