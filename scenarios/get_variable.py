"""Shared by name: `tf.compat.v1.get_variable`, asked for again with `reuse=True`."""

from collections.abc import Callable

import tensorflow as tf

# Private, and what people are told to use in eager mode; there is no public name for it.
from tensorflow.python.ops.variable_scope import EagerVariableStore

from testbed import Bed, breaks, run_script, scenario

GROUP = "ways of sharing"

v1 = tf.compat.v1


def create() -> tf.Variable:
    with v1.variable_scope("layer"):
        return v1.get_variable("weight", [1], initializer=tf.random_normal_initializer())


def use() -> tf.Variable:
    with v1.variable_scope("layer", reuse=True):
        return v1.get_variable("weight", [1])


def use_without_shape() -> tf.Variable:
    with v1.variable_scope("layer", reuse=True):
        return v1.get_variable("weight")


def create_and_use() -> tuple[tf.Variable, tf.Variable]:
    return create(), use()


@scenario(modes=("eager",))
@breaks(
    "not_shared",
    cure="let a tf.Module or a layer own the variable, and pass that (see tf_module)",
)
def in_eager_mode(bed: Bed) -> None:
    """Asking for the name again, with reuse=True, gives the identical variable."""
    created, used = bed.make(create_and_use)
    bed.claim(used, same_as=created, mirrored=True)


@scenario(modes=("eager",))
@breaks(
    "rejected",
    error="did not get an initializer, so its `shape` argument must be specified",
    cure="let a tf.Module or a layer own the variable, and pass that (see tf_module)",
)
def in_eager_mode_without_shape(bed: Bed) -> None:
    """With reuse=True the variable is there already, so its shape need not be given."""
    created = bed.make(create)
    bed.claim(bed.make(use_without_shape), same_as=created)


@scenario(modes=("eager",))
@breaks(
    "rejected",
    error="Cannot assign a device for operation",
    when=lambda case: case.strategy == "multi_worker_mirrored",
    cure="leave the session: train eagerly, and let a tf.Module own the variable (see tf_module)",
)
@breaks("counted_per_replica", site="outside_scope", when=lambda case: case.replicas > 1)
def in_session(bed: Bed) -> None:
    """A counter shared by name counts steps in a tf.compat.v1.Session."""

    def steps() -> tf.Variable:
        with v1.variable_scope("counter", reuse=v1.AUTO_REUSE):
            return v1.get_variable(
                "steps", initializer=0.0, aggregation=tf.VariableAggregation.MEAN
            )

    with tf.Graph().as_default(), v1.Session() as session:
        created = bed.make(steps)
        with bed.strategy.scope():
            step = bed.strategy.run(lambda: steps().assign_add(1.0))
        session.run(v1.global_variables_initializer())
        for _ in range(5):
            session.run(bed.strategy.experimental_local_results(step))
        for copy in bed.strategy.experimental_local_results(created):
            bed.claim(session.run(copy), value=5.0)


@scenario(modes=("eager",))
@breaks("not_mirrored", site="outside_scope", when=lambda case: case.replicas > 1)
def in_graph(bed: Bed) -> None:
    """In a tf.Graph, asking for the name again gives the identical variable."""
    with tf.Graph().as_default():
        created, used = bed.make(create_and_use)
        bed.claim(used, same_as=created, mirrored=True)


@scenario(modes=("eager",))
@breaks("workers_diverge", site="outside_scope", when=lambda case: case.workers > 1)
@breaks("not_mirrored", site="outside_scope", when=lambda case: case.replicas > 1)
@breaks("misplaced", site="outside_scope", when=lambda case: case.strategy == "one_device")
def in_wrapped_function(bed: Bed) -> None:
    """Inside one wrap_function, asking for the name again gives the identical variable."""
    made: list[tf.Variable] = []

    def body() -> None:
        made.extend(create_and_use())

    bed.make(lambda: v1.wrap_function(body, []))
    created, used = made
    bed.claim(used, same_as=created, equal=True, mirrored=True)


@scenario(modes=("eager",))
@breaks("workers_diverge", site="outside_scope", when=lambda case: case.workers > 1)
@breaks("not_mirrored", site="outside_scope", when=lambda case: case.replicas > 1)
@breaks("misplaced", site="outside_scope", when=lambda case: case.strategy == "one_device")
def in_variable_store(bed: Bed) -> None:
    """Under one variable store, asking for the name again gives the identical variable."""
    store = EagerVariableStore()

    def under_store(function: Callable[[], tf.Variable]) -> tf.Variable:
        with store.as_default():
            return function()

    created = bed.make(under_store, create)
    used = bed.make(under_store, use)
    bed.claim(used, same_as=created, equal=True, mirrored=True)


@scenario()
@breaks(
    "counted_per_replica",
    site="outside_scope",
    when=lambda case: case.replicas_per_worker > 1,
)
def counter(bed: Bed) -> None:
    """A counter counts steps, however many replicas take them."""
    store = EagerVariableStore()

    def steps() -> tf.Variable:
        with store.as_default(), v1.variable_scope("counter", reuse=v1.AUTO_REUSE):
            return v1.get_variable(
                "steps",
                initializer=0.0,
                aggregation=tf.VariableAggregation.MEAN,
            )

    created = bed.make(steps)
    bed.run(lambda: steps().assign_add(1.0), times=5)
    bed.claim(steps(), same_as=created, value=5.0)


if __name__ == "__main__":
    run_script()
