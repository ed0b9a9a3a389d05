"""The variable as a number: what one device accepts of a variable and a mirrored one does not."""

import math

import numpy
import tensorflow as tf

from testbed import Bed, breaks, run_script, scenario

GROUP = "what people do"

# A cure needs no single device beside it.
REPLICATED = ("mirrored", "multi_worker_mirrored")


def create() -> tf.Variable:
    return tf.Variable(4.0, aggregation=tf.VariableAggregation.MEAN)


def create_flag() -> tf.Variable:
    return tf.Variable(False, aggregation=tf.VariableAggregation.ONLY_FIRST_REPLICA)


def create_vector() -> tf.Variable:
    return tf.Variable([1.0, 2.0, 3.0], aggregation=tf.VariableAggregation.MEAN)


@scenario(sites=("in_scope",), modes=("eager", "function"))
@breaks(
    "wrong_value",
    mode="eager",
    when=lambda case: case.replicas > 1,
    cure="ask its value, as truth_of_value does: a mirrored variable is an object, so it is true",
)
def truth(bed: Bed) -> None:
    """A step that asks `if flag` of a variable that holds False does not take the branch."""
    flag = bed.make(create_flag)

    def step() -> tf.Tensor:
        if flag:
            return tf.constant("taken")
        return tf.constant("passed")

    bed.claim(bed.run(step), value="passed")


@scenario(sites=("in_scope",), modes=("eager",), strategies=REPLICATED)
def truth_of_value(bed: Bed) -> None:
    """A step that asks `if flag.read_value()` of one that holds False does not take the branch."""
    flag = bed.make(create_flag)

    def step() -> tf.Tensor:
        if flag.read_value():
            return tf.constant("taken")
        return tf.constant("passed")

    bed.claim(bed.run(step), value="passed")


@scenario(sites=("in_scope",), modes=("eager",))
@breaks(
    "rejected",
    error="not 'MirroredVariable'",
    when=lambda case: case.replicas > 1,
    cure="float(variable.numpy()), as float_of_array does",
)
def python_float(bed: Bed) -> None:
    """float() of a scalar variable is its value, and so math.sqrt and '%f' take the variable."""
    weight = bed.make(create)
    bed.claim(float(weight), value=4.0)


@scenario(sites=("in_scope",), modes=("eager",), strategies=REPLICATED)
def float_of_array(bed: Bed) -> None:
    """float() of what numpy() gives is the value of a scalar variable."""
    weight = bed.make(create)
    bed.claim(math.sqrt(weight.numpy()), value=2.0)


@scenario(sites=("in_scope",), modes=("eager",))
@breaks(
    "rejected",
    error="setting an array element with a sequence",
    when=lambda case: case.replicas > 1,
    cure="stack them with tf.stack, as stacked does",
)
def numpy_array(bed: Bed) -> None:
    """numpy.array of a list of variables is the array of their values."""
    weight = bed.make(create)
    bed.claim(numpy.array([weight, weight]), value=[4.0, 4.0])


@scenario(sites=("in_scope",), modes=("eager",), strategies=REPLICATED)
def stacked(bed: Bed) -> None:
    """tf.stack of variables is the tensor of their values."""
    weight = bed.make(create)
    bed.claim(tf.stack([weight, weight]), value=[4.0, 4.0])


@scenario(sites=("in_scope",), modes=("eager",))
@breaks(
    "rejected",
    error="AttributeError",
    when=lambda case: case.replicas > 1,
    cure="tf.gather_nd(variable, indices), as gathered_by_function does",
)
def gathered_by_method(bed: Bed) -> None:
    """The method gather_nd gives elements of a variable."""
    weights = bed.make(create_vector)
    bed.claim(weights.gather_nd([[1]]), value=[2.0])


@scenario(sites=("in_scope",), modes=("eager",), strategies=REPLICATED)
def gathered_by_function(bed: Bed) -> None:
    """The function tf.gather_nd gives elements of a variable."""
    weights = bed.make(create_vector)
    bed.claim(tf.gather_nd(weights, [[1]]), value=[2.0])


@scenario(sites=("in_scope",), modes=("eager",))
@breaks(
    "rejected",
    error="NotImplementedError",
    when=lambda case: case.replicas > 1,
    cure="assign tf.tensor_scatter_nd_add of it, as scattered_by_function does",
)
def scattered_by_method(bed: Bed) -> None:
    """The method scatter_nd_add adds to elements of a variable."""
    weights = bed.make(create_vector)
    weights.scatter_nd_add([[1]], [10.0])
    bed.claim(weights, value=[1.0, 12.0, 3.0])


@scenario(sites=("in_scope",), modes=("eager",), strategies=REPLICATED)
def scattered_by_function(bed: Bed) -> None:
    """Assigning tf.tensor_scatter_nd_add of a variable adds to elements of it."""
    weights = bed.make(create_vector)
    weights.assign(tf.tensor_scatter_nd_add(weights, [[1]], [10.0]))
    bed.claim(weights, value=[1.0, 12.0, 3.0])


@scenario(sites=("in_scope",), modes=("eager",))
@breaks(
    "rejected",
    error="'tensorflow.python.framework.ops.EagerTensor' object has no attribute",
    when=lambda case: case.replicas_per_worker > 1,
    cure="assign twice, as assigned_twice does",
)
def assigned_in_a_chain(bed: Bed) -> None:
    """What assign() gives is the variable, which can be assigned again."""
    weight = bed.make(create)
    weight.assign(1.0).assign_add(2.0)
    bed.claim(weight, value=3.0)


@scenario(sites=("in_scope",), modes=("eager",), strategies=REPLICATED)
def assigned_twice(bed: Bed) -> None:
    """A variable can be assigned twice."""
    weight = bed.make(create)
    weight.assign(1.0)
    weight.assign_add(2.0)
    bed.claim(weight, value=3.0)


if __name__ == "__main__":
    run_script()
