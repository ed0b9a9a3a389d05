"""Variables as in TensorFlow 1: `tf.compat.v1.Variable`, and the lists that knew all of them."""

from collections.abc import Callable

import tensorflow as tf

from testbed import Bed, breaks, run_script, scenario

GROUP = "kinds of object"

v1 = tf.compat.v1


def create_variable() -> tf.Variable:
    return v1.Variable([1.0, 2.0], use_resource=False)


def create_local_variable() -> tf.Variable:
    return v1.get_local_variable("seen", initializer=[1.0, 2.0])


def create_counter() -> tf.Variable:
    return v1.Variable(0.0, aggregation=tf.VariableAggregation.MEAN)


def counting(steps: tf.Variable) -> Callable[[], None]:
    def step() -> None:
        v1.assign_add(steps, 1.0)

    return step


@scenario(modes=("eager",))
@breaks("misplaced", site="outside_scope", when=lambda case: case.strategy == "one_device")
@breaks("not_mirrored", site="outside_scope", when=lambda case: case.replicas > 1)
def variable(bed: Bed) -> None:
    """A variable that asks not to be a resource variable has a copy on every replica."""
    bed.claim(bed.make(create_variable), value=[1.0, 2.0], mirrored=True)


@scenario(modes=("eager",), strategies=("mirrored", "multi_worker_mirrored"))
@breaks("not_mirrored", site="outside_scope", when=lambda case: case.replicas > 1)
def local_variable(bed: Bed) -> None:
    """A local variable is local to its worker, and has a copy on every replica of it."""
    bed.claim(bed.make(create_local_variable), value=[1.0, 2.0], mirrored=True)


@scenario(modes=("function",))
@breaks(
    "counted_per_replica",
    site="outside_scope",
    when=lambda case: case.replicas_per_worker > 1,
)
def counter(bed: Bed) -> None:
    """A counter that `tf.compat.v1.assign_add` moves counts steps."""
    steps = bed.make(create_counter)
    bed.run(counting(steps), times=5)
    bed.claim(steps, value=5.0)


@scenario(sites=("in_scope",), modes=("eager",), strategies=("default", "mirrored"))
@breaks("wrong_value", cure="let a tf.Module own the variables, and ask it for them")
def listed_in_eager_mode(bed: Bed) -> None:
    """`tf.compat.v1.trainable_variables` lists the variables that were made."""
    bed.make(create_variable)
    bed.claim(len(v1.trainable_variables()), value=1)


@scenario(sites=("in_scope",), modes=("eager",), strategies=("default", "mirrored"))
@breaks(
    "counted_per_replica",
    when=lambda case: case.replicas_per_worker > 1,
    cure="say trainable=True; by default its copies are listed one by one",
)
def listed_in_graph(bed: Bed) -> None:
    """In a tf.Graph, `tf.compat.v1.trainable_variables` lists the variables that were made."""
    with tf.Graph().as_default():
        bed.make(create_variable)
        bed.claim(len(v1.trainable_variables()), value=1)


@scenario(sites=("in_scope",), modes=("eager",), strategies=("default", "mirrored"))
def listed_as_trainable_in_graph(bed: Bed) -> None:
    """In a tf.Graph, `tf.compat.v1.trainable_variables` lists what is called trainable."""
    with tf.Graph().as_default():
        created = bed.make(lambda: v1.Variable(1.0, trainable=True))
        (listed,) = v1.trainable_variables()
        bed.claim(listed, same_as=created)


if __name__ == "__main__":
    run_script()
