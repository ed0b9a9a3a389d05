"""Whether a replica assigns a mean of its share of the batch, or a share of a sum."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import tensorflow as tf

from tests.watching.observing import observed


def assigns_mean(mirrored: Any, value: Callable[[Any, Any], Any]) -> bool:
    """Whether both replicas are observed to assign a mean: of rows, or of a variable's sums."""

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
            result.assign(value(rows, total))

        train = tf.function(lambda rows: mirrored.run(step, args=(rows,)))
        data = tf.data.Dataset.from_tensor_slices(tf.ones([6, 3])).batch(4)
        for rows in mirrored.experimental_distribute_dataset(data):
            train(rows)

    seen = observed(program)
    number = next(each.number for each in seen.births if each.name == "result:0")
    writes = [
        each for each in seen.accesses if each.variable == number and each.replica is not None
    ]
    means = {each.mean for each in writes if each.writes}
    assert len(means) == 1
    return means.pop()


MEANS: dict[str, Callable[[Any, Any], Any]] = {
    "mean": lambda rows, _: tf.reduce_mean(rows),
    "mean of losses": lambda rows, _: tf.reduce_mean(tf.reduce_sum(tf.square(rows), axis=-1)),
    "root": lambda rows, _: tf.sqrt(tf.reduce_mean(tf.square(rows))),
    "ratio of sums": lambda rows, total: 2.0 * total / (total + tf.reduce_sum(rows)),
    "share of hits": lambda rows, _: tf.reduce_mean(tf.cast(rows > 0.5, tf.float32)),
}

SHARES: dict[str, Callable[[Any, Any], Any]] = {
    "sum": lambda rows, _: tf.reduce_sum(rows),
    "sum by the size of the batch": lambda rows, _: tf.reduce_sum(rows) / 4.0,
    "mean by the replicas": lambda rows, _: tf.reduce_mean(rows) / 2.0,
    "mean times their inverse": lambda rows, _: 0.5 * tf.reduce_mean(rows),
    "sum by a size that is known when traced": lambda rows, _: (
        tf.reduce_sum(rows) / tf.cast(tf.size(rows), tf.float32)
    ),
    "average loss": lambda rows, _: tf.nn.compute_average_loss(tf.reduce_sum(rows, axis=-1)),
    "mean times count": lambda rows, total: tf.reduce_mean(rows) * total,
    "masked": lambda rows, _: tf.where(rows[0, 0] > 0.0, tf.reduce_mean(rows), 0.0),
    "constant": lambda *_: tf.constant(3.0),
    "contracted": lambda rows, _: tf.reduce_mean(tf.matmul(rows, rows, transpose_a=True)),
}


@pytest.mark.parametrize("name", MEANS)
def test_means(name: str, mirrored: Any) -> None:
    """A value that does not grow with the number of examples is a mean."""
    assert assigns_mean(mirrored, MEANS[name])


@pytest.mark.parametrize("name", SHARES)
def test_shares_of_a_sum(name: str, mirrored: Any) -> None:
    """A value that grows with the examples, is scaled for a sum, or is not understood is none."""
    assert not assigns_mean(mirrored, SHARES[name])
