"""`testbed.compare`: steps with two replicas beside the same steps with one."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras
import numpy
import pytest
import tensorflow as tf
import tf_keras

import testbed
from testbed.check.parity.comparison import Parity
from tests.soak import later
from tests.watching.observing import Lines

HERE = Lines(__file__)

X = numpy.random.default_rng(1).normal(size=[8, 3]).astype("float32")
Y = X.sum(axis=1, keepdims=True)

Made = Callable[[Any], Callable[..., Any]]


def compared(strategy: Any, make: Made, *batch: Any, **how: Any) -> tuple[Parity, list[str]]:
    """The comparison, and each code with the line it names."""
    found = testbed.compare(make, *(batch or (X, Y)), strategy=strategy, **how)
    return found, [f"{each.code} {HERE.name(each.place)}" for each in found.findings]


def trained(
    loss_of: Callable[..., Any],
    optimizer: Callable[[], Any] = lambda: keras.optimizers.SGD(0.1),
    between: Callable[[], Any] | None = None,
) -> Made:
    """A step that trains one dense layer of Keras 3, which it creates when it is called first."""

    def make(strategy: Any) -> Callable[..., Any]:
        layers = [keras.layers.Dense(4), keras.layers.Dense(1)]
        layers[1:1] = [between()] if between else []
        model, optimizes = keras.Sequential(layers), optimizer()

        def step(x: Any, y: Any) -> Any:
            with tf.GradientTape() as tape:
                loss = loss_of(strategy, y, model(x, training=True))
            weights = model.trainable_variables
            optimizes.apply_gradients(zip(tape.gradient(loss, weights), weights, strict=True))
            return loss

        return step

    return make


def of_all(strategy: Any, y: Any, output: Any) -> Any:
    return tf.reduce_mean(tf.square(y - output)) / strategy.num_replicas_in_sync


def of_own_part(_: Any, y: Any, output: Any) -> Any:
    return tf.reduce_mean(tf.square(y - output))  # at: own part


def by_keras(_: Any, y: Any, output: Any) -> Any:
    return keras.losses.MeanSquaredError()(y, output)


RIGHT = {
    "momentum": trained(of_all, lambda: keras.optimizers.SGD(0.1, momentum=0.9)),
    "Adam": trained(of_all, lambda: keras.optimizers.Adam(0.1)),
    "AdamW": trained(of_all, lambda: keras.optimizers.AdamW(0.1)),
    "a loss of Keras": trained(by_keras),
    "synchronised": trained(
        of_all, between=lambda: keras.layers.BatchNormalization(synchronized=True)
    ),
}


@pytest.mark.parametrize(
    "form",
    [
        pytest.param(form, marks=pytest.mark.soak if form in ("momentum", "AdamW") else ())
        for form in RIGHT
    ],
)
def test_a_right_step_agrees(mirrored: Any, form: str) -> None:
    """Silent; the sentence says what was compared."""
    found, codes = compared(mirrored, RIGHT[form], reduce="SUM")
    assert (found.agrees, codes) == (True, [])
    assert str(found) == (
        "compared with one replica: the first 2 steps agree; a step takes 8 elements on both"
    )


WRONG = {
    "TB902": trained(lambda *args: of_all(*args) / args[0].num_replicas_in_sync),
    "TB903": trained(of_all, lambda: keras.optimizers.SGD(0.1, global_clipnorm=0.1)),
    "TB907": trained(of_own_part, lambda: keras.optimizers.Adam(0.1)),
}


@pytest.mark.parametrize("code", WRONG)
def test_a_wrong_step_has_its_code(mirrored: Any, code: str) -> None:
    """Divided twice, clipped by each replica, and hidden by Adam."""
    found, _ = compared(mirrored, WRONG[code], reduce="SUM")
    assert [each.code for each in found.findings] == [code]


def test_a_loss_of_the_own_part_is_found_at_its_line(mirrored: Any) -> None:
    """The update is twice as long; the text is that of `testbed check`."""
    found, codes = compared(mirrored, trained(of_own_part))
    assert (found.agrees, codes) == (False, ["TB901 own part"])
    assert "on 2 replicas, and by " in str(found)
    assert str(found).endswith("step 1 differs; a step takes 8 elements on both")


@pytest.mark.parametrize("precision", ["mixed_float16", later("mixed_bfloat16")])
def test_mixed_precision(mirrored: Any, precision: str) -> None:
    """Rounding to 16 bits is no difference, hides no factor, and may hide clipping."""

    def short() -> Any:
        return keras.layers.Dense(32, dtype=precision)

    right, codes = compared(mirrored, trained(of_all, between=short), reduce="SUM")
    assert (right.agrees, codes) == (True, [])
    _, codes = compared(mirrored, trained(of_own_part, between=short))
    assert codes == ["TB901 own part"]
    clipping = trained(of_all, lambda: keras.optimizers.SGD(0.1, clipvalue=0.1), short)
    clipped, codes = compared(mirrored, clipping, reduce="SUM")
    assert (clipped.agrees, codes) == (False, [])
    assert clipped.sentence.endswith(": its updates differ as rounding to 16 bits may let them")


def test_clipping_by_each_replica(mirrored: Any) -> None:
    """The update has another direction."""

    def make(_: Any) -> Callable[..., Any]:
        weight = tf.Variable([1.0, -2.0, 3.0])

        def step(x: Any, y: Any) -> None:
            with tf.GradientTape() as tape:
                error = tf.linalg.matvec(x, weight) - y[:, 0]
                loss = tf.nn.compute_average_loss(tf.square(error))
            (gradient,) = tape.gradient(loss, [weight])
            limited = tf.clip_by_norm(gradient, 0.1)  # at: clipped
            whole = tf.distribute.get_replica_context().all_reduce("SUM", limited)
            weight.assign_sub(0.1 * whole)

        return step

    _, codes = compared(mirrored, make)
    assert codes == ["TB903 clipped"]


@pytest.mark.parametrize(("reduce", "agrees"), [("SUM", True), ("MEAN", False)])
def test_returned_numbers_are_reduced_as_stated(mirrored: Any, reduce: str, agrees: bool) -> None:
    """A share of the loss has to be summed; the mean of shares is half of the loss."""
    found, codes = compared(mirrored, trained(of_all), reduce=reduce)
    assert found.agrees == agrees
    assert [each.partition(" ")[0] for each in codes] == ([] if agrees else ["TB904"])


def test_tf_functions_and_tf_keras(mirrored: Any) -> None:
    """A traced step of an older Keras is compared, too."""

    def make(mean: Callable[..., Any]) -> Made:
        def make_step(_: Any) -> Callable[..., Any]:
            layer = tf_keras.layers.Dense(1)
            layer.build([None, 3])
            optimizer = tf_keras.optimizers.SGD(0.1)
            optimizer.build(layer.trainable_variables)

            def step(x: Any, y: Any) -> None:
                with tf.GradientTape() as tape:
                    loss = mean(tf.square(layer(x) - y)[:, 0])
                weights = layer.trainable_variables
                gradients = tape.gradient(loss, weights)
                optimizer.apply_gradients(zip(gradients, weights, strict=True))

            traced: Callable[..., Any] = tf.function(step)
            return traced

        return make_step

    assert compared(mirrored, make(tf.nn.compute_average_loss))[0].agrees
    _, codes = compared(mirrored, make(tf.reduce_mean))
    assert [each.partition(" ")[0] for each in codes] == ["TB901"]


def test_values_that_are_not_seeded_start_equal(mirrored: Any) -> None:
    """The second run gets the initial values of the first."""

    def make(strategy: Any) -> Callable[..., Any]:
        start = numpy.random.default_rng().normal(size=[3, 1]).astype("float32")
        weight = tf.Variable(start)

        def step(x: Any, y: Any) -> Any:
            with tf.GradientTape() as tape:
                loss = of_all(strategy, y, x @ weight)
            gradient = tape.gradient(loss, weight)
            total = tf.distribute.get_replica_context().all_reduce("SUM", gradient)
            weight.assign_sub(0.1 * total)
            return loss

        return step

    assert compared(mirrored, make, reduce="SUM")[0].agrees


def test_a_metric_with_every_replica_counted(mirrored: Any) -> None:
    """A total that is read as a sum, and to which each replica adds the whole."""

    def make(share: bool) -> Made:
        def make_step(strategy: Any) -> Callable[..., Any]:
            total = tf.Variable(
                0.0,
                synchronization=tf.VariableSynchronization.ON_READ,
                aggregation=tf.VariableAggregation.SUM,
            )

            def step(x: Any, y: Any) -> None:
                mean = tf.reduce_mean(y * y)
                total.assign_add(mean / strategy.num_replicas_in_sync if share else mean)

            return step

        return make_step

    assert compared(mirrored, make(True))[0].agrees
    _, codes = compared(mirrored, make(False))
    assert [each.partition(" ")[0] for each in codes] == ["TB904"]


def test_dropout_is_not_comparable(mirrored: Any) -> None:
    """It neither agrees nor differs, and the sentence says why."""
    found, codes = compared(mirrored, trained(of_all, between=lambda: keras.layers.Dropout(0.5)))
    assert (found.agrees, found.compared, codes) == (False, False, [])
    assert found.sentence == "not compared with one replica: its replicas draw random numbers"


def test_statistics_of_the_own_batch_are_not_comparable(mirrored: Any) -> None:
    """Batch normalisation without synchronisation takes those of each replica."""
    made = trained(of_all, between=keras.layers.BatchNormalization)
    found, codes = compared(mirrored, made, reduce="SUM")
    assert (found.agrees, codes) == (False, [])
    assert "takes the statistics of each replica's own batch" in found.sentence


@pytest.mark.parametrize(
    ("batch", "message"),
    [
        ((X[:5], Y[:5]), "a batch of 5 elements cannot be divided evenly among 2 replicas"),
        ((X, Y[:4]), "a batch of 4, 8 elements cannot"),
        ((X, 1.0), "a batch of 0, 8 elements cannot"),
        ((), "a batch of no elements cannot"),
    ],
)
def test_a_batch_that_cannot_be_divided(mirrored: Any, batch: Any, message: str) -> None:
    """The sizes are named."""
    with pytest.raises(ValueError, match=message):
        testbed.compare(trained(of_all), *batch, strategy=mirrored)


def test_a_strategy_without_several_replicas() -> None:
    """There is nothing to compare."""
    with pytest.raises(ValueError, match="1 replicas, 1 of them in this process"):
        testbed.compare(trained(of_all), X, Y, strategy=tf.distribute.get_strategy())
