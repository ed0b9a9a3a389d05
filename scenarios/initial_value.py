"""Initial value: what a worker computes by itself, and puts into a variable."""

import pathlib
import tempfile

import tensorflow as tf

from testbed import Bed, breaks, run_script, scenario

GROUP = "what people do"


def start_of(bed: Bed) -> float:
    """What this worker computed: from its own data, its own seed or its own file."""
    return 3.0 + bed.worker


@scenario(modes=("eager",))
@breaks("workers_diverge", site="outside_scope", when=lambda case: case.workers > 1)
def of_worker(bed: Bed) -> None:
    """All workers start with one value, that of worker 0, whatever they computed."""
    offset = bed.make(lambda: tf.Variable(start_of(bed)))
    bed.claim(offset, value=3.0)


@scenario(sites=("in_scope",), modes=("eager",))
def of_worker_on_read(bed: Bed) -> None:
    """A variable ON_READ, too, starts with the value of worker 0 on all workers."""
    offset = bed.make(
        lambda: tf.Variable(
            start_of(bed),
            synchronization=tf.VariableSynchronization.ON_READ,
            aggregation=tf.VariableAggregation.ONLY_FIRST_REPLICA,
        )
    )
    bed.claim(bed.run(offset.read_value), value=3.0)


@scenario(sites=("in_scope",), modes=("eager",), strategies=("multi_worker_mirrored",))
@breaks(
    "rejected",
    error="FileNotFoundError",
    when=lambda case: case.workers > 1,
    cure="give zeros of the same shape and type on the workers that have no file",
)
def from_a_file_of_the_chief(bed: Bed) -> None:
    """Only worker 0 needs the file with the initial value, since its value goes to all."""
    with tempfile.TemporaryDirectory() as folder:
        file = pathlib.Path(folder, "offset.txt")
        if bed.worker == 0:
            file.write_text("3.0")
        offset = bed.make(lambda: tf.Variable(float(file.read_text())))
    bed.claim(offset, value=3.0)


@scenario(sites=("in_scope",), modes=("eager",), strategies=("multi_worker_mirrored",))
def from_the_chief(bed: Bed) -> None:
    """Workers that start with zeros get the initial value of worker 0."""
    offset = bed.make(lambda: tf.Variable(3.0 if bed.worker == 0 else 0.0))
    bed.claim(offset, value=3.0)


@scenario(sites=("in_scope",), modes=("eager",))
@breaks(
    "workers_diverge",
    when=lambda case: case.workers > 1,
    cure="assign in strategy.run, to a variable with an aggregation: replicas then agree first",
)
def assigned_by_worker(bed: Bed) -> None:
    """A mirrored variable stays equal on all workers when the training loop assigns to it."""
    offset = bed.make(lambda: tf.Variable(0.0, aggregation=tf.VariableAggregation.MEAN))
    offset.assign(start_of(bed))
    bed.claim(offset, equal=True)


@scenario(sites=("in_scope",), modes=("eager",))
def assigned_by_replicas(bed: Bed) -> None:
    """A mirrored variable stays equal on all workers when its replicas assign to it."""
    offset = bed.make(lambda: tf.Variable(0.0, aggregation=tf.VariableAggregation.MEAN))
    bed.run(lambda: offset.assign(tf.constant(start_of(bed))))
    bed.claim(offset, value=3.0 + (bed.case.workers - 1) / 2)


@scenario(sites=("in_scope",), modes=("eager",))
@breaks(
    "workers_diverge",
    when=lambda case: case.workers > 1,
    cure="reduce the metric over all replicas first, and decide by what all workers know",
)
def learning_rate_of_worker(bed: Bed) -> None:
    """A learning rate that falls when the loss stalls is the same on all workers."""

    def create() -> tf.keras.optimizers.Optimizer:
        return tf.keras.optimizers.SGD(0.1)

    optimizer = bed.make(create)
    own_loss = start_of(bed)
    if own_loss > 3.5:
        optimizer.learning_rate = 0.01
    bed.claim(optimizer.learning_rate, equal=True)


@scenario(sites=("in_scope",), modes=("eager",))
def learning_rate_of_all(bed: Bed) -> None:
    """A learning rate that falls by a loss reduced over all replicas is the same everywhere."""
    optimizer = bed.make(tf.keras.optimizers.SGD, 0.1)
    own_loss = bed.run(lambda: tf.constant(start_of(bed)))
    if bed.strategy.reduce(tf.distribute.ReduceOp.MEAN, own_loss, axis=None) > 3.4:
        optimizer.learning_rate = 0.01
    bed.claim(optimizer.learning_rate, equal=True)


if __name__ == "__main__":
    run_script()
