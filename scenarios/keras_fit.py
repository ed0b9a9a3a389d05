"""`fit` of Keras: a model, its optimizer and its `compile`, each inside or outside the scope."""

from collections.abc import Callable
from typing import Any

import numpy
import tensorflow as tf
from tensorflow import keras

from testbed import Bed, breaks, run_script, scenario

GROUP = "kinds of object"

# y = 3 x, taken in two steps of four rows.
ROWS = numpy.arange(1.0, 9.0, dtype="float32").reshape(8, 1) / 8
TARGETS = 3 * ROWS
LEARNING_RATE = 0.1


def create_model() -> keras.Model:
    layer = keras.layers.Dense(1, use_bias=False, kernel_initializer="zeros")
    return keras.Sequential([keras.Input((1,)), layer])


def create_compiled() -> keras.Model:
    model = create_model()
    model.compile(keras.optimizers.SGD(LEARNING_RATE), "mse")
    return model


def in_scope(bed: Bed, create: Callable[[], Any]) -> Any:
    with bed.strategy.scope():
        return create()


def fit_and_claim(bed: Bed, model: keras.Model) -> None:
    """Take the two steps, and claim where gradient descent on the whole batches leads."""
    model.fit(ROWS, TARGETS, batch_size=4, shuffle=False, verbose=0)
    kernel = 0.0
    for start in (0, 4):
        x, y = ROWS[start : start + 4], TARGETS[start : start + 4]
        kernel -= LEARNING_RATE * float(numpy.mean(2 * x * (kernel * x - y)))
    bed.claim(model.optimizer.iterations, value=2)
    bed.claim(model.layers[0].kernel, value=[[kernel]], mirrored=True)


@scenario(modes=("eager",), strategies=("mirrored",))
@breaks(
    "not_mirrored",
    site="outside_scope",
    when=lambda case: case.replicas > 1,
    cure="create and compile the model inside strategy.scope(); otherwise fit leaves it unused",
)
def model(bed: Bed) -> None:
    """fit trains on all replicas of the strategy, wherever the model was made and compiled."""
    fit_and_claim(bed, bed.make(create_compiled))


@scenario(sites=("outside_scope",), modes=("eager",), strategies=("mirrored",))
@breaks(
    "counted_per_replica",
    when=lambda case: case.replicas_per_worker > 1,
    keras=">=3",
    cure="call compile inside strategy.scope(), where the optimizer is made (see model)",
)
def compiled(bed: Bed) -> None:
    """A model of the scope can be compiled anywhere."""
    made = in_scope(bed, create_model)
    bed.make(lambda: made.compile(keras.optimizers.SGD(LEARNING_RATE), "mse"))
    fit_and_claim(bed, made)


@scenario(modes=("eager",), strategies=("mirrored",))
@breaks(
    "not_mirrored",
    site="outside_scope",
    when=lambda case: case.replicas > 1,
    keras="<3",
    cure="create the optimizer inside strategy.scope()",
)
@breaks(
    "rejected",
    error="Mixing different tf.distribute.Strategy objects",
    site="outside_scope",
    when=lambda case: case.replicas > 1,
    keras=">=3",
    cure="create the optimizer inside strategy.scope()",
)
def optimizer(bed: Bed) -> None:
    """A model of the scope can be compiled with an optimizer made anywhere."""
    adam = bed.make(lambda: keras.optimizers.Adam(LEARNING_RATE))
    made = in_scope(bed, create_model)
    in_scope(bed, lambda: made.compile(adam, "mse"))
    made.fit(ROWS, TARGETS, batch_size=4, verbose=0)
    bed.claim(adam.iterations, value=2, mirrored=True)


@scenario(sites=("in_scope",), modes=("eager",), strategies=("mirrored",))
@breaks(
    "rejected",
    error="You must feed a value for placeholder tensor",
    when=lambda case: case.replicas > 1,
    keras=">=3",
    cure="leave steps_per_execution at 1 (see optimizer, in the scope)",
)
def several_steps(bed: Bed) -> None:
    """steps_per_execution=2 takes both steps in one call."""
    made = bed.make(create_model)
    adam = bed.make(lambda: keras.optimizers.Adam(LEARNING_RATE))
    in_scope(bed, lambda: made.compile(adam, "mse", steps_per_execution=2))
    made.fit(ROWS, TARGETS, batch_size=4, verbose=0)
    bed.claim(adam.iterations, value=2)


@scenario(sites=("in_scope",), modes=("eager",), strategies=("multi_worker_mirrored",))
@breaks(
    "rejected",
    error="Attempt to convert a value (PerReplica:{",
    keras=">=3",
    cure="a loop of your own (own_loop), or tf_keras (tf_keras_fit)",
)
def several_workers(bed: Bed) -> None:
    """fit trains a model of the scope on several workers."""
    fit_and_claim(bed, bed.make(create_compiled))


@scenario(sites=("in_scope",), modes=("function",), strategies=("multi_worker_mirrored",))
def own_loop(bed: Bed) -> None:
    """A loop of one's own trains a Keras model and its optimizer on several workers."""
    made, replicas = bed.make(create_compiled), bed.case.replicas
    in_scope(bed, lambda: made.optimizer.build(made.trainable_variables))

    def step(row: tf.Tensor) -> None:
        with tf.GradientTape() as tape:
            # Optimizers add the gradients of all replicas, so each gives its part of the mean.
            loss = tf.reduce_mean((made(row) - 3 * row) ** 2) / replicas
        gradients = tape.gradient(loss, made.trainable_variables)
        made.optimizer.apply_gradients(zip(gradients, made.trainable_variables, strict=True))

    bed.run(step, bed.data(lambda replica: [[replica + 1.0]]))
    squares = [(replica + 1.0) ** 2 for replica in range(replicas)]
    wanted = LEARNING_RATE * 6 * sum(squares) / replicas
    bed.claim(made.layers[0].kernel, value=[[wanted]], mirrored=True)


@scenario(sites=("in_scope",), modes=("eager",), strategies=("multi_worker_mirrored",))
def prediction(bed: Bed) -> None:
    """predict gives one row for every row, on several workers as well."""
    predicted = bed.make(create_model).predict(ROWS, batch_size=4, verbose=0)
    bed.claim(len(predicted), value=len(ROWS))


if __name__ == "__main__":
    run_script()
