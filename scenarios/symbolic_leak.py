"""A symbolic leak: a traced step keeps a tensor in an attribute or a list, for use afterwards."""

from typing import Any

import tensorflow as tf

from testbed import Bed, breaks, run_script, scenario

GROUP = "what people do"


class Layer:
    """Keeps its last output, as people do to look at it or to add a loss."""

    def __init__(self) -> None:
        self.last_output: Any = None

    def __call__(self, inputs: tf.Tensor) -> Any:
        self.last_output = 2.0 * inputs
        return self.last_output


@scenario(sites=("outside_scope",), modes=("function",))
@breaks("symbolic_leak")
def kept_in_attribute(bed: Bed) -> None:
    """An attribute that a traced step sets holds the value of the step."""
    layer = Layer()
    bed.run(layer, bed.data(lambda replica: 3.0))
    bed.claim(layer.last_output, value=6.0)


@scenario(sites=("outside_scope",), modes=("function",))
@breaks("symbolic_leak")
def kept_in_list(bed: Bed) -> None:
    """A list that a traced step appends to holds values."""
    outputs: list[tf.Tensor] = []
    bed.run(lambda inputs: outputs.append(2.0 * inputs), bed.data(lambda replica: 3.0))
    bed.claim(outputs[-1], value=6.0)


@scenario(sites=("outside_scope",), modes=("function",))
@breaks("symbolic_leak")
def used_by_op(bed: Bed) -> None:
    """What a traced step kept can be computed with after the step."""
    layer = Layer()
    bed.run(layer, bed.data(lambda replica: 3.0))
    bed.claim(tf.square(layer.last_output), value=36.0)


@scenario(sites=("outside_scope",), modes=("function",))
@breaks("symbolic_leak")
def used_by_next_step(bed: Bed) -> None:
    """What a traced step kept can be used by another traced step."""
    layer = Layer()
    bed.run(layer, bed.data(lambda replica: 3.0))
    bed.claim(bed.run(lambda: layer.last_output + 1.0), value=7.0)


@scenario(sites=("outside_scope",), modes=("function",))
@breaks(
    "rejected",
    error="float() argument must be a string or a real number, not 'SymbolicTensor'",
    tensorflow="<2.23",
    cure="return it from the step, and reduce what strategy.run returns",
)
@breaks(
    "rejected",
    error="'SymbolicTensor' object cannot be interpreted as an integer",
    tensorflow=">=2.23",
    cure="return it from the step, and reduce what strategy.run returns",
)
def logged_as_float(bed: Bed) -> None:
    """float() tells the value that a traced step kept."""
    layer = Layer()
    bed.run(layer, bed.data(lambda replica: 3.0))
    bed.claim(float(layer.last_output), value=6.0)


@scenario(sites=("outside_scope",), modes=("function",))
def returned(bed: Bed) -> None:
    """What a traced step returns can be used by an op, by float() and by another step."""
    output = bed.run(Layer(), bed.data(lambda replica: 3.0))
    bed.claim(output, value=6.0)
    bed.claim(bed.run(lambda inputs: inputs + 1.0, output), value=7.0)
    reduced = bed.strategy.reduce("mean", output, axis=None)
    bed.claim(float(tf.square(reduced)), value=36.0)


if __name__ == "__main__":
    run_script()
