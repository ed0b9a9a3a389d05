"""Preemption: a worker gets SIGTERM, all of them save and leave, and go on where they were."""

import sys

import tensorflow as tf

from testbed import Bed, Fault, run_script, scenario

GROUP = "what happens to workers"

STEPS = 10
RESTART_CODE = 42
NETWORK = ("multi_worker_mirrored",)

Handler = tf.distribute.experimental.PreemptionCheckpointHandler


def create_counter() -> tf.Variable:
    return tf.Variable(0.0, aggregation=tf.VariableAggregation.MEAN)


def leave() -> None:
    sys.exit(RESTART_CODE)


@scenario(
    sites=("in_scope",),
    modes=("function",),
    strategies=NETWORK,
    fault=Fault("terminate", 1, "step 3"),
    restarts=1,
)
def saved_and_restarted(bed: Bed) -> None:
    """With a PreemptionCheckpointHandler no step is lost, and none is taken twice."""
    counter = bed.make(create_counter)
    taken = bed.make(create_counter)
    handler = Handler(
        tf.distribute.cluster_resolver.TFConfigClusterResolver(),
        tf.train.Checkpoint(counter=counter, taken=taken),
        str(bed.folder / "checkpoint"),
        tf.distribute.experimental.TerminationConfig(exit_fn=leave),
    )

    def step() -> None:
        counter.assign_add(2.0)
        taken.assign_add(1.0)

    while taken.numpy() < STEPS:
        handler.run(lambda: bed.run(step))
    bed.claim(counter, value=2.0 * STEPS)
    bed.claim(taken, value=STEPS)


if __name__ == "__main__":
    run_script()
