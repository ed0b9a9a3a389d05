"""A frozen global: a Python value that a step reads, and that the program changes later."""

import numpy
import tensorflow as tf

from testbed import Bed, breaks, run_script, scenario

GROUP = "what people do"

learning_rate = 0.1
factors = numpy.array([1.0, 2.0], numpy.float32)

rate: tf.Variable
weight: tf.Variable


def create_weight() -> None:
    global weight
    weight = tf.Variable(1.0, aggregation=tf.VariableAggregation.MEAN)


def create_rate_and_weight() -> None:
    global rate
    rate = tf.Variable(0.1, trainable=False)
    create_weight()


def descended(bed: Bed, *rates: float) -> float:
    """Where a weight of 1 ends, when replica i has the gradient i + 1."""
    return 1.0 - sum(rates) * (bed.case.replicas + 1) / 2


@scenario(sites=("in_scope",))
@breaks("frozen_in_trace", mode="function")
def python_float(bed: Bed) -> None:
    """A learning rate that is a Python float counts from the step after its change."""
    global learning_rate
    bed.make(create_weight)

    def descend(gradient: tf.Tensor) -> None:
        weight.assign_sub(learning_rate * gradient)

    gradients = bed.data(lambda replica: replica + 1.0)
    bed.run(descend, gradients)
    learning_rate = 0.5
    bed.run(descend, gradients)
    bed.claim(weight, value=descended(bed, 0.1, 0.5), stale=descended(bed, 0.1, 0.1))


@scenario(sites=("in_scope",))
def variable(bed: Bed) -> None:
    """A learning rate that is a variable counts from the step after its change."""
    bed.make(create_rate_and_weight)

    def descend(gradient: tf.Tensor) -> None:
        weight.assign_sub(rate * gradient)

    gradients = bed.data(lambda replica: replica + 1.0)
    bed.run(descend, gradients)
    rate.assign(0.5)
    bed.run(descend, gradients)
    bed.claim(weight, value=descended(bed, 0.1, 0.5), stale=descended(bed, 0.1, 0.1))


@scenario(sites=("in_scope",), modes=("function",))
def tensor_argument(bed: Bed) -> None:
    """A learning rate that is passed as a tensor counts from the step after its change."""
    bed.make(create_weight)

    def descend(gradient: tf.Tensor, passed: tf.Tensor) -> None:
        weight.assign_sub(passed * gradient)

    gradients = bed.data(lambda replica: replica + 1.0)
    for passed in (0.1, 0.5):
        bed.run(descend, gradients, tf.constant(passed))
    bed.claim(weight, value=descended(bed, 0.1, 0.5), stale=descended(bed, 0.1, 0.1))


@scenario(sites=("outside_scope",), modes=("function",))
@breaks("frozen_in_trace")
def numpy_array(bed: Bed) -> None:
    """A numpy array that is changed in place counts from the step after its change."""

    def scale() -> tf.Tensor:
        return 10.0 * tf.constant(factors)

    bed.run(scale)
    factors[0] = 5.0
    bed.claim(bed.run(scale), value=[50.0, 20.0], stale=[10.0, 20.0])


@scenario(sites=("in_scope",))
@breaks(
    "frozen_in_trace",
    mode="function",
    cure="assign to the variable that the step was traced with, and keep the name as it is",
)
def another_variable(bed: Bed) -> None:
    """A step reads the variable that the global names when it runs."""
    bed.make(create_weight)

    def read() -> tf.Tensor:
        return weight * 1.0

    bed.run(read)
    bed.make(create_weight)
    weight.assign(2.0)
    bed.claim(bed.run(read), value=2.0, stale=1.0)


@scenario(sites=("in_scope",), modes=("function",))
def same_variable(bed: Bed) -> None:
    """A step reads what was assigned to its variable after the trace."""
    bed.make(create_weight)

    def read() -> tf.Tensor:
        return weight * 1.0

    bed.run(read)
    weight.assign(2.0)
    bed.claim(bed.run(read), value=2.0, stale=1.0)


if __name__ == "__main__":
    run_script()
