"""What a replica assigns: a mean of its share of the batch, say, or a share of a sum."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import pytest
import tensorflow as tf

from tests.watching.observing import observed

Value = Callable[[Any, Any, Any], Any]
"""A value of a replica: from its rows, the assigned variable, and one that sums up."""


def assigned(mirrored: Any, value: Value, *, traced: bool = True) -> str:
    """What both replicas are observed to assign."""

    def program() -> None:
        with mirrored.scope():
            result, total = (
                tf.Variable(
                    1.0,
                    trainable=False,
                    name=name,
                    synchronization=tf.VariableSynchronization.ON_READ,
                    aggregation=tf.VariableAggregation.SUM,
                )
                for name in ("result", "total")
            )

        def step(rows: Any) -> None:
            result.assign(value(rows, result, total))

        def run(rows: Any) -> None:
            mirrored.run(step, args=(rows,))

        train = tf.function(run) if traced else run
        data = tf.data.Dataset.from_tensor_slices(tf.ones([6, 3])).batch(4)
        for rows in mirrored.experimental_distribute_dataset(data):
            train(rows)

    seen = observed(program)
    number = next(each.number for each in seen.births if each.name == "result:0")
    writes = [
        each for each in seen.accesses if each.variable == number and each.replica is not None
    ]
    kinds = {each.assigns for each in writes if each.writes}
    assert len(kinds) == 1
    return kinds.pop()


def f_score(rows: Any, _: Any, total: Any) -> Any:
    """A ratio of sums that is guarded against an empty share."""
    reported = total + tf.reduce_sum(rows)
    return tf.where(reported > 0.0, 2.0 * total / reported, 0.0)


def f_score_of_rates(rows: Any, _: Any, total: Any) -> Any:
    """A ratio of two ratios; rates of 0 give no number, for which stands zero."""
    precision = tf.math.divide_no_nan(total, total + tf.reduce_sum(rows))
    recall = total / tf.maximum(tf.reduce_sum(rows), 1.0)
    score = 2.0 * precision * recall / (precision + recall + 1e-7)
    return tf.where(tf.math.is_nan(score), tf.zeros_like(score), score)


CANNOT_BE_SUMMED: dict[str, tuple[str, Value]] = {
    "mean": ("mean", lambda rows, *_: tf.reduce_mean(rows)),
    "mean of losses": (
        "mean",
        lambda rows, *_: tf.reduce_mean(tf.reduce_sum(tf.square(rows), axis=-1)),
    ),
    "root": ("mean", lambda rows, *_: tf.sqrt(tf.reduce_mean(tf.square(rows)))),
    "ratio of sums": ("ratio", lambda rows, _, total: 2.0 * total / (total + tf.reduce_sum(rows))),
    "percent": ("ratio", lambda rows, _, total: total / (total + tf.reduce_sum(rows)) * 100.0),
    "guarded ratio": ("ratio", f_score),
    "guarded ratio of ratios": ("ratio", f_score_of_rates),
    "share of hits": ("mean", lambda rows, *_: tf.reduce_mean(tf.cast(rows > 0.5, tf.float32))),
    "largest": ("maximum", lambda rows, *_: tf.reduce_max(rows)),
    "largest so far": ("maximum", lambda rows, own, _: tf.maximum(own, tf.reduce_max(rows))),
    "least loss so far": ("minimum", lambda rows, own, _: tf.minimum(tf.reduce_mean(rows), own)),
}

MAY_BE_SUMMED: dict[str, Value] = {
    "sum": lambda rows, *_: tf.reduce_sum(rows),
    "sum by the size of the batch": lambda rows, *_: tf.reduce_sum(rows) / 4.0,
    "mean by the replicas": lambda rows, *_: tf.reduce_mean(rows) / 2.0,
    "mean times their inverse": lambda rows, *_: 0.5 * tf.reduce_mean(rows),
    "mean times a weight": lambda rows, *_: 0.375 * tf.reduce_mean(rows),
    "mean times a count": lambda rows, *_: tf.reduce_mean(rows) * 2.0,
    "weighted by its part of the examples": lambda rows, *_: (
        tf.reduce_mean(rows) * (rows.shape[0] / 4 if rows.shape[0] else 0.5)
    ),
    "average loss": lambda rows, *_: tf.nn.compute_average_loss(tf.reduce_sum(rows, axis=-1)),
    "mean times total": lambda rows, _, total: tf.reduce_mean(rows) * total,
    "masked": lambda rows, *_: tf.where(rows[0, 0] > 0.0, tf.reduce_mean(rows), 0.0),
    "contracted": lambda rows, *_: tf.reduce_mean(tf.matmul(rows, rows, transpose_a=True)),
    "smoothed": lambda rows, own, _: 0.9 * own + 0.1 * tf.reduce_mean(rows),
    "never negative": lambda rows, own, _: tf.maximum(own - tf.reduce_sum(rows), 0.0),
    "largest sum so far": lambda rows, own, _: tf.maximum(own, tf.reduce_sum(rows)),
    "any": lambda rows, own, _: tf.maximum(own, tf.reduce_max(tf.cast(rows > 2.0, tf.float32))),
    "sum of means of columns": lambda rows, *_: tf.reduce_sum(tf.reduce_mean(rows, axis=-1)),
    "mean of each example summed": lambda rows, *_: (
        tf.reduce_sum(rows) / tf.cast(tf.shape(rows)[1], tf.float32)
    ),
}


EAGER = ("mean", "ratio of sums", "largest so far", "sum", "masked", "smoothed", "constant")
"""The cases that `make test` tries in eager mode, too."""


def by_mode(cases: Iterable[str]) -> pytest.MarkDecorator:
    """Each case in a trace and in eager mode."""
    return pytest.mark.parametrize(
        ("name", "traced"),
        [
            pytest.param(name, traced, marks=() if traced or name in EAGER else pytest.mark.soak)
            for name in cases
            for traced in (True, False)
        ],
    )


@by_mode(CANNOT_BE_SUMMED)
def test_what_cannot_be_summed(name: str, traced: bool, mirrored: Any) -> None:
    """A value that does not grow with the number of examples is no share of a sum."""
    kind, value = CANNOT_BE_SUMMED[name]
    assert assigned(mirrored, value, traced=traced) == kind


@by_mode(MAY_BE_SUMMED)
def test_what_may_be_summed(name: str, traced: bool, mirrored: Any) -> None:
    """A value that grows with the examples, is scaled for a sum, or is not understood."""
    assert assigned(mirrored, MAY_BE_SUMMED[name], traced=traced) == ""


@by_mode(["constant"])
def test_a_constant(name: str, traced: bool, mirrored: Any) -> None:
    """A reset is neither."""
    assert assigned(mirrored, lambda *_: tf.constant(3.0), traced=traced) == name


def test_a_size_that_is_known_when_traced(mirrored: Any) -> None:
    """It is a number like any other."""

    def value(rows: Any, *_: Any) -> Any:
        return tf.reduce_sum(rows) / tf.cast(tf.size(rows), tf.float32)

    assert assigned(mirrored, value, traced=True) == ""
    assert assigned(mirrored, value, traced=False) == ""
