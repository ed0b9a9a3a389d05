"""A class attribute: the class holds the variable, and all of its instances use it."""

from __future__ import annotations

from typing import Any

import tensorflow as tf

from testbed import Bed, breaks, run_script, scenario

GROUP = "ways of sharing"


class Trainer:
    # A class body runs when its module is imported, so this is made before any scope.
    steps = tf.Variable(0.0, aggregation=tf.VariableAggregation.MEAN)

    def train(self) -> None:
        self.steps.assign_add(1.0)


def define() -> Any:
    class DefinedTrainer:
        steps = tf.Variable(0.0, aggregation=tf.VariableAggregation.MEAN)

        def train(self) -> None:
            self.steps.assign_add(1.0)

    return DefinedTrainer


class Layer:
    """Makes the counter for all layers when the first of them is made."""

    steps: tf.Variable = None

    def __init__(self) -> None:
        if self.steps is None:
            type(self).steps = tf.Variable(0.0, aggregation=tf.VariableAggregation.MEAN)

    def call(self) -> None:
        self.steps.assign_add(1.0)


class Dense(Layer):
    pass


class Dropout(Layer):
    pass


class NamingLayer:
    """The same, but names the class that is to hold the counter."""

    steps: tf.Variable = None

    def __init__(self) -> None:
        if NamingLayer.steps is None:
            NamingLayer.steps = tf.Variable(0.0, aggregation=tf.VariableAggregation.MEAN)

    def call(self) -> None:
        self.steps.assign_add(1.0)


class NamingDense(NamingLayer):
    pass


class NamingDropout(NamingLayer):
    pass


def create_layers() -> tuple[Layer, Layer]:
    return Dense(), Dropout()


def create_naming_layers() -> tuple[NamingLayer, NamingLayer]:
    return NamingDense(), NamingDropout()


@scenario()
@breaks(
    "counted_per_replica",
    site="outside_scope",
    when=lambda case: case.replicas_per_worker > 1,
)
def counter(bed: Bed) -> None:
    """A counter counts steps, however many replicas take them."""
    trainer = bed.make(define)()
    bed.run(trainer.train, times=5)
    bed.claim(trainer.steps, value=5.0)


@scenario(sites=("in_scope",), modes=("eager",))
@breaks(
    "counted_per_replica",
    when=lambda case: case.replicas_per_worker > 1,
    cure="make the variable in __init__, and the instance inside strategy.scope()",
)
def counter_of_class_body(bed: Bed) -> None:
    """A counter of the class body counts steps where the instance was made in the scope."""
    trainer = bed.make(Trainer)
    bed.run(trainer.train, times=5)
    bed.claim(trainer.steps, value=5.0)


@scenario(sites=("in_scope",), modes=("eager",))
def counter_of_instance(bed: Bed) -> None:
    """A counter that __init__ makes counts steps where the instance was made in the scope."""

    class CountingTrainer:
        def __init__(self) -> None:
            self.steps = tf.Variable(0.0, aggregation=tf.VariableAggregation.MEAN)

        def train(self) -> None:
            self.steps.assign_add(1.0)

    trainer = bed.make(CountingTrainer)
    bed.run(trainer.train, times=5)
    bed.claim(trainer.steps, value=5.0)


@scenario(sites=("in_scope",), modes=("eager",), strategies=("default", "mirrored"))
@breaks(
    "not_shared",
    cure="assign to the base class by its name: type(self) is the subclass",
)
def shared_by_subclasses(bed: Bed) -> None:
    """Subclasses share the counter that the first of them makes for all."""
    dense, dropout = bed.make(create_layers)
    bed.run(dense.call)
    bed.run(dropout.call)
    bed.claim(dropout.steps, same_as=dense.steps, value=2.0)


@scenario(sites=("in_scope",), modes=("eager",), strategies=("default", "mirrored"))
def shared_by_base_class(bed: Bed) -> None:
    """Subclasses share the counter that the first of them gives to the base class."""
    dense, dropout = bed.make(create_naming_layers)
    bed.run(dense.call)
    bed.run(dropout.call)
    bed.claim(dropout.steps, same_as=dense.steps, value=2.0)


@scenario(sites=("in_scope",), modes=("eager",), strategies=("default", "mirrored"))
@breaks(
    "wrong_value",
    cure="assign it to self in __init__: optimizers and checkpoints get what the instance holds",
)
def tracked_of_class(bed: Bed) -> None:
    """A tf.Module gives the variable that its class holds to optimizers and checkpoints."""

    def create() -> tf.Module:
        class Model(tf.Module):
            weight = tf.Variable(2.0)

        return Model()

    bed.claim(len(bed.make(create).trainable_variables), value=1)


@scenario(sites=("in_scope",), modes=("eager",), strategies=("default", "mirrored"))
def tracked_of_instance(bed: Bed) -> None:
    """A tf.Module gives the variable that its instance holds to optimizers and checkpoints."""

    class Model(tf.Module):
        def __init__(self) -> None:
            super().__init__()
            self.weight = tf.Variable(2.0)

    bed.claim(len(bed.make(Model).trainable_variables), value=1)


if __name__ == "__main__":
    run_script()
