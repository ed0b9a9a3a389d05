"""The lines that compute the losses of a program."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras
import pytest
import tensorflow as tf

from tests.watching.observing import Lines
from tests.watching.parity.recording import Recorded, recorded

HERE = Lines(__file__)

MODES = pytest.mark.parametrize("traced", [False, True], ids=["eager", "graph"])


def trained(
    strategy: Any,
    loss_of: Callable[[Any, Any], Any],
    *,
    traced: bool,
    scale: Any = None,
    steps: int = 1,
) -> Recorded:
    """Steps that train `w` and `b` by a loss of both."""

    def program() -> None:
        with strategy.scope():
            w = tf.Variable([1.0, 2.0], name="w")
            b = tf.Variable(1.0, name="b")

        def step() -> None:
            with tf.GradientTape() as tape:
                loss = loss_of(w, b)
                loss = loss if scale is None else scale(loss)
            for variable, gradient in zip([w, b], tape.gradient(loss, [w, b]), strict=True):
                variable.assign_sub(0.1 * gradient)

        def train() -> None:
            strategy.run(step)

        call = tf.function(train) if traced else train
        for _ in range(steps):
            call()

    return recorded(program)


@MODES
def test_the_line_that_reduces(mirrored: Any, traced: bool) -> None:
    """It is found behind what scales the loss; the variables are those of the tape."""

    def loss(w: Any, b: Any) -> Any:
        errors = tf.square(w * b - 3.0)
        mean = tf.reduce_mean(errors)  # at: mean
        return mean / 2.0  # at: halves

    found = trained(mirrored, loss, traced=traced)
    (only,) = found.first.losses
    assert (HERE.name(only.place), HERE.name(only.last), only.adds) == ("mean", "halves", None)
    assert [found.name(each) for each in only.variables] == ["w", "b"]


@pytest.mark.parametrize(
    ("divide", "is_mean"),
    [
        (tf.reduce_mean, True),
        (lambda errors: tf.reduce_sum(errors) / tf.cast(tf.shape(errors)[0], "float32"), True),
        (lambda errors: tf.math.divide_no_nan(tf.reduce_sum(errors), 2.0 * _rows(errors)), True),
        (lambda errors: tf.reduce_sum(errors) / 4.0, False),
        (lambda errors: tf.reduce_sum(errors) / tf.add_n([_rows(errors)] * 2), False),
        (tf.reduce_sum, False),
    ],
    ids=["mean", "by its rows", "by rows and replicas", "by a number", "by all rows", "sum"],
)
def test_a_mean_of_a_replica(mirrored: Any, divide: Any, is_mean: bool) -> None:
    """A mean, or a sum that is divided by its own number of rows."""

    def loss(w: Any, b: Any) -> Any:
        # The size of the result is unknown while it is traced.
        return divide(tf.boolean_mask(tf.square(w * b), [True, True]))

    (only,) = trained(mirrored, loss, traced=True).first.losses
    assert only.own_mean is is_mean


def _rows(errors: Any) -> Any:
    return tf.cast(tf.shape(errors)[0], tf.float32)


@MODES
def test_a_loss_that_is_scaled_for_mixed_precision(mirrored: Any, traced: bool) -> None:
    """The line of the loss, and not that of `scale_loss`."""

    def loss(w: Any, b: Any) -> Any:
        return tf.reduce_sum(tf.square(w * b))  # at: sum

    optimizer = keras.optimizers.LossScaleOptimizer(keras.optimizers.SGD(0.1))
    with mirrored.scope():
        optimizer.build([keras.Variable(1.0)])
    (only,) = trained(mirrored, loss, traced=traced, scale=optimizer.scale_loss).first.losses
    assert HERE.name(only.place) == "sum"


@MODES
def test_reductions_before_the_forward_pass(mirrored: Any, traced: bool) -> None:
    """They are no part of the loss, which is computed after it."""

    def loss(w: Any, b: Any) -> Any:
        total = tf.reduce_sum(w)
        product = tf.matmul(tf.reshape(total, [1, 1]), tf.reshape(b, [1, 1]))
        return tf.reshape(product, [])  # at: reshaped

    (only,) = trained(mirrored, loss, traced=traced).first.losses
    assert (HERE.name(only.place), HERE.name(only.last)) == ("reshaped", "reshaped")


@MODES
def test_a_loss_with_a_regularisation(mirrored: Any, traced: bool) -> None:
    """The line that adds it is known beside that of the loss."""

    def loss(w: Any, b: Any) -> Any:
        error = tf.reduce_mean(tf.square(w * b - 3.0))  # at: error
        return error + 0.01 * tf.reduce_sum(w * w)  # at: adds

    (only,) = trained(mirrored, loss, traced=traced).first.losses
    assert (HERE.name(only.place), HERE.name(only.adds)) == ("error", "adds")


def test_two_losses(mirrored: Any) -> None:
    """Each has its line and its variables; another call of the tape is not another loss."""

    def program() -> None:
        with mirrored.scope():
            first, second = tf.Variable(1.0, name="first"), tf.Variable(1.0, name="second")

        def step() -> None:
            with tf.GradientTape(persistent=True) as tape:
                one = tf.reduce_mean(first * [1.0, 2.0])  # at: one
                other = tf.reduce_mean(second * [1.0, 2.0])  # at: other
            first.assign_sub(tape.gradient(one, first))
            second.assign_sub(tape.gradient(other, second))

        for _ in range(2):
            mirrored.run(step)

    found = recorded(program)
    assert [
        (HERE.name(each.place), [found.name(number) for number in each.variables])
        for each in found.first.losses
    ] == [("one", ["first"]), ("other", ["second"])]


def test_variables_of_keras(mirrored: Any) -> None:
    """They are known by their numbers, as those of TensorFlow."""

    def program() -> None:
        with mirrored.scope():
            weight = keras.Variable(1.0, name="weight")

        def step() -> None:
            with tf.GradientTape() as tape:
                loss = tf.reduce_mean(weight * [1.0, 2.0])
            weight.assign_sub(tape.gradient(loss, [weight])[0])

        mirrored.run(step)

    found = recorded(program)
    (only,) = found.first.losses
    assert [found.name(each) for each in only.variables] == ["weight"]


@MODES
@pytest.mark.parametrize("name", ["norm", "value", "global"])
def test_lines_that_limit(mirrored: Any, name: str, traced: bool) -> None:
    """The functions of TensorFlow that clip gradients are named by the line that calls them."""

    def clipped(gradient: Any) -> Any:
        if name == "norm":
            return tf.clip_by_norm(gradient, 1.0)  # at: norm
        if name == "value":
            return tf.clip_by_value(gradient, -1.0, 1.0)  # at: value
        return tf.clip_by_global_norm([gradient], 1.0)[0][0]  # at: global

    def program() -> None:
        with mirrored.scope():
            w = tf.Variable([1.0, 2.0])

        def step() -> None:
            with tf.GradientTape() as tape:
                loss = tf.reduce_sum(w * w)
            w.assign_sub(clipped(tape.gradient(loss, w)))

        def train() -> None:
            mirrored.run(step)

        (tf.function(train) if traced else train)()

    (limit,) = recorded(program).first.limits
    assert HERE.name(limit) == name


@MODES
def test_the_forward_pass_limits_no_gradients(mirrored: Any, traced: bool) -> None:
    """What clips or normalises before the gradients of its step is a part of the model."""

    def loss(w: Any, b: Any) -> Any:
        return tf.reduce_sum(tf.clip_by_norm(w, 1.0)) * tf.clip_by_value(b, -1.0, 1.0)

    assert trained(mirrored, loss, traced=traced, steps=2).first.limits == ()


@MODES
def test_lines_that_take_statistics(mirrored: Any, traced: bool) -> None:
    """They are those of one replica's batch, before the gradients as well."""

    def loss(w: Any, b: Any) -> Any:
        mean, variance = tf.nn.moments(w, axes=[0])  # at: moments
        deviation = tf.math.reduce_std(w)  # at: deviation
        spread = tf.math.reduce_variance(w)  # at: spread
        return tf.reduce_sum(w - mean) * tf.sqrt(variance) * deviation * spread * b

    limits = trained(mirrored, loss, traced=traced).first.limits
    assert [HERE.name(each) for each in limits] == ["moments", "deviation", "spread"]


def test_nothing_limits_outside_of_replicas(mirrored: Any) -> None:
    """A function of the program that no replica runs is no part of a step."""

    def program() -> None:
        tf.clip_by_norm(tf.constant([3.0, 4.0]), 1.0)
        mirrored.run(lambda: tf.constant(1.0) + 1.0)

    first = recorded(program).first
    assert (first.limits, first.losses) == ((), ())
