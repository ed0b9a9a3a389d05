"""A SavedModel: `tf.saved_model.save` in one program, `tf.saved_model.load` in another."""

import tempfile
from typing import Any

import tensorflow as tf

from testbed import Bed, breaks, run_script, scenario

GROUP = "kinds of object"


class Model(tf.Module):
    """Scales, and counts how often it was trained."""

    def __init__(self) -> None:
        super().__init__()
        self.weight = tf.Variable(2.0)
        self.last = tf.Variable(0.0, aggregation=tf.VariableAggregation.MEAN)
        self.steps = tf.Variable(0.0, aggregation=tf.VariableAggregation.MEAN)

    @tf.function(input_signature=[tf.TensorSpec([], tf.float32)])  # type: ignore[untyped-decorator]
    def __call__(self, number: tf.Tensor) -> tf.Tensor:
        return self.weight * number

    @tf.function(input_signature=[tf.TensorSpec([], tf.float32)])  # type: ignore[untyped-decorator]
    def remember(self, number: tf.Tensor) -> tf.Tensor:
        return self.last.assign(number)

    @tf.function(input_signature=[])  # type: ignore[untyped-decorator]
    def count(self) -> tf.Tensor:
        return self.steps.assign_add(1.0)


def saved() -> str:
    """Save a model without a strategy, as another program would have."""
    folder = tempfile.mkdtemp()
    tf.saved_model.save(Model(), folder)
    return folder


def load(folder: str) -> Any:
    return tf.saved_model.load(folder)


def load_keras(path: str) -> Any:
    return tf.keras.models.load_model(path)


@scenario(modes=("eager",))
@breaks("misplaced", site="outside_scope", when=lambda case: case.strategy == "one_device")
@breaks("not_mirrored", site="outside_scope", when=lambda case: case.replicas > 1)
def weight(bed: Bed) -> None:
    """A loaded weight has a copy on every replica."""
    model = bed.make(load, saved())
    bed.claim(model.weight, value=2.0, mirrored=True)


@scenario(modes=("function",))
def called(bed: Bed) -> None:
    """Every replica can call the loaded model on its own data."""
    model = bed.make(load, saved())
    numbers = bed.data(lambda replica: replica + 1.0)
    total = bed.strategy.reduce("SUM", bed.run(model, numbers), axis=None)
    bed.claim(total, value=bed.case.replicas * (bed.case.replicas + 1))


@scenario(modes=("function",))
@breaks(
    "counted_per_replica",
    site="outside_scope",
    when=lambda case: case.replicas_per_worker > 1,
    cure="load it inside strategy.scope()",
)
def counter(bed: Bed) -> None:
    """The loaded model's own function counts steps."""
    model = bed.make(load, saved())
    bed.run(lambda: model.count(), times=5)
    bed.claim(model.steps, value=5.0)


@scenario(sites=("in_scope",), modes=("eager",))
@breaks(
    "replicas_diverge",
    when=lambda case: case.replicas_per_worker > 1,
    cure="call it in strategy.run (see counter)",
)
def counted_outside_run(bed: Bed) -> None:
    """The loaded model's own function counts also where it is called outside strategy.run."""
    model = bed.make(load, saved())
    for _ in range(5):
        model.count()
    bed.claim(model.steps, value=5.0)


@scenario(sites=("in_scope",), modes=("eager",))
@breaks(
    "replicas_diverge",
    when=lambda case: case.replicas_per_worker > 1,
    cure="return the value from the loaded function, and assign it to the variable yourself",
)
@breaks(
    "workers_diverge",
    when=lambda case: case.workers > 1,
    cure="return the value from the loaded function, and assign it to the variable yourself",
)
def mean_assigned_by_model(bed: Bed) -> None:
    """The loaded model's own function assigns the mean over replicas, as its variable says."""
    model = bed.make(load, saved())
    bed.run(lambda number: model.remember(number), bed.data(lambda replica: replica + 1.0))
    bed.claim(model.last, value=(bed.case.replicas + 1) / 2)


@scenario(sites=("in_scope",), modes=("eager",))
def mean_assigned_in_replica(bed: Bed) -> None:
    """A replica function that assigns a loaded variable assigns the mean over replicas."""
    model = bed.make(load, saved())
    numbers = bed.data(lambda replica: replica + 1.0)
    bed.run(lambda number: model.last.assign(model(number)), numbers)
    bed.claim(model.last, value=bed.case.replicas + 1)


@scenario(modes=("eager",))
@breaks("misplaced", site="outside_scope", when=lambda case: case.strategy == "one_device")
@breaks("not_mirrored", site="outside_scope", when=lambda case: case.replicas > 1)
def keras_weight(bed: Bed) -> None:
    """A weight of a loaded Keras model has a copy on every replica."""
    layers = tf.keras.layers
    model = tf.keras.Sequential([layers.Input((1,)), layers.Dense(1, kernel_initializer="ones")])
    path = f"{tempfile.mkdtemp()}/model.keras"
    model.save(path)
    bed.claim(bed.make(load_keras, path).layers[-1].kernel, value=[[1.0]], mirrored=True)


if __name__ == "__main__":
    run_script()
