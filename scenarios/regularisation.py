"""Regularisation: a penalty on weights, which every replica adds to its loss."""

from collections.abc import Callable, Sequence
from typing import Any

import tensorflow as tf
import tf_keras
from tensorflow import keras

from testbed import Bed, breaks, run_script, scenario

GROUP = "what people do"

DIVIDE = "divide it by the number of replicas: tf.nn.scale_regularization_loss"


def create_dense() -> keras.layers.Layer:
    # L2(0.5) is 0.5 * w ** 2, so the gradient of the penalty is the weight.
    dense = keras.layers.Dense(
        1,
        use_bias=False,
        kernel_initializer="ones",
        kernel_regularizer=keras.regularizers.L2(0.5),
    )
    dense.build((None, 1))
    return dense


def create_tf_keras_dense() -> Any:
    dense = tf_keras.layers.Dense(
        1,
        use_bias=False,
        kernel_initializer="ones",
        kernel_regularizer=tf_keras.regularizers.L2(0.5),
    )
    dense.build((None, 1))
    return dense


def create_sgd(dense: keras.layers.Layer) -> keras.optimizers.Optimizer:
    optimizer = keras.optimizers.SGD(0.125)
    optimizer.build(dense.trainable_variables)
    return optimizer


def create_tf_keras_sgd(dense: Any) -> Any:
    return tf_keras.optimizers.SGD(0.125)


def update(
    bed: Bed,
    create: Callable[[], Any],
    create_optimizer: Callable[[Any], Any],
    penalty_of: Callable[[Sequence[tf.Tensor]], tf.Tensor],
) -> None:
    """Take one step down from the weight 1, along the penalty and the mean of all inputs."""
    dense = bed.make(create)
    optimizer = bed.make(create_optimizer, dense)
    inputs = bed.data(lambda replica: [[replica + 1.0]])

    def step(x: tf.Tensor) -> None:
        with tf.GradientTape() as tape:
            loss = tf.nn.compute_average_loss(dense(x)[:, 0]) + penalty_of(dense.losses)
        gradients = tape.gradient(loss, dense.trainable_variables)
        optimizer.apply_gradients(zip(gradients, dense.trainable_variables, strict=True))

    bed.run(step, inputs)
    mean = (bed.case.replicas + 1) / 2
    bed.claim(dense.kernel, value=[[1 - 0.125 * (mean + 1)]], mirrored=True)


@scenario(sites=("in_scope",), modes=("function",))
@breaks("wrong_value", when=lambda case: case.replicas > 1, cure=DIVIDE)
def sum_of_losses(bed: Bed) -> None:
    """The sum of the losses of a Keras layer counts once in an update."""
    update(bed, create_dense, create_sgd, lambda losses: tf.add_n(losses))


@scenario(
    sites=("in_scope",),
    modes=("function",),
    strategies=("mirrored", "multi_worker_mirrored"),
)
@breaks("wrong_value", when=lambda case: case.replicas > 1, cure=DIVIDE)
def sum_of_losses_of_tf_keras(bed: Bed) -> None:
    """The sum of the losses of a tf_keras layer counts once in an update."""
    update(bed, create_tf_keras_dense, create_tf_keras_sgd, lambda losses: tf.add_n(losses))


@scenario(sites=("in_scope",), modes=("function",))
def scaled_losses(bed: Bed) -> None:
    """tf.nn.scale_regularization_loss divides the penalty by the number of replicas."""
    update(bed, create_dense, create_sgd, tf.nn.scale_regularization_loss)


@scenario(
    sites=("in_scope",),
    modes=("function",),
    strategies=("mirrored", "multi_worker_mirrored"),
)
def scaled_losses_of_tf_keras(bed: Bed) -> None:
    """The scaled penalty of a tf_keras layer counts once in an update."""
    update(bed, create_tf_keras_dense, create_tf_keras_sgd, tf.nn.scale_regularization_loss)


if __name__ == "__main__":
    run_script()
