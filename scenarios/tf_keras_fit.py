"""`fit` of tf_keras, the Keras 2 that goes on: it trains on several workers."""

from typing import Any

import numpy
import tf_keras

from testbed import Bed, breaks, run_script, scenario

GROUP = "kinds of object"

# y = 3 x, taken in two steps of four rows.
ROWS = numpy.arange(1.0, 9.0, dtype="float32").reshape(8, 1) / 8
TARGETS = 3 * ROWS
LEARNING_RATE = 0.1


def create_compiled() -> Any:
    layer = tf_keras.layers.Dense(1, use_bias=False, kernel_initializer="zeros")
    model = tf_keras.Sequential([tf_keras.Input((1,)), layer])
    model.compile(tf_keras.optimizers.SGD(LEARNING_RATE), "mse")
    return model


def by_hand() -> tuple[float, float]:
    """The mean loss and the kernel of gradient descent on the whole batches."""
    kernel, losses = 0.0, []
    for start in (0, 4):
        x, y = ROWS[start : start + 4], TARGETS[start : start + 4]
        losses.append(float(numpy.mean((kernel * x - y) ** 2)))
        kernel -= LEARNING_RATE * float(numpy.mean(2 * x * (kernel * x - y)))
    return sum(losses) / len(losses), kernel


@scenario(modes=("eager",), strategies=("mirrored", "multi_worker_mirrored"))
@breaks(
    "not_mirrored",
    site="outside_scope",
    when=lambda case: case.replicas > 1,
    cure="create and compile the model inside strategy.scope(); otherwise fit leaves it unused",
)
def fit(bed: Bed) -> None:
    """fit trains on all replicas of all workers, and tells every worker the same loss."""
    model = bed.make(create_compiled)
    history = model.fit(ROWS, TARGETS, batch_size=4, shuffle=False, verbose=0)
    loss, kernel = by_hand()
    bed.claim(history.history["loss"][0], value=loss)
    bed.claim(model.optimizer.iterations, value=2)
    bed.claim(model.layers[0].kernel, value=[[kernel]], mirrored=True)


@scenario(sites=("in_scope",), modes=("eager",), strategies=("multi_worker_mirrored",))
def prediction(bed: Bed) -> None:
    """predict gives one row for every row, on several workers as well."""
    predicted = bed.make(create_compiled).predict(ROWS, batch_size=4, verbose=0)
    bed.claim(len(predicted), value=len(ROWS))


if __name__ == "__main__":
    run_script()
