"""Digits as a display shows them, under noise, and a small network that learns to read them."""

from __future__ import annotations

import os
from typing import Any

# Keras 3 cannot train on several workers; Keras 2, the package tf_keras, can.
os.environ.setdefault("TF_USE_LEGACY_KERAS", "1")

import numpy as np
import tensorflow as tf

SIDE = 12
CLASSES = 10

# Rows and columns of a display's seven strokes, and the strokes of each digit.
STROKES = (
    (slice(0, 1), slice(0, 5)),
    (slice(0, 5), slice(0, 1)),
    (slice(0, 5), slice(4, 5)),
    (slice(4, 5), slice(0, 5)),
    (slice(4, 9), slice(0, 1)),
    (slice(4, 9), slice(4, 5)),
    (slice(8, 9), slice(0, 5)),
)
SHOWN = ("012456", "25", "02346", "02356", "1235", "01356", "013456", "025", "0123456", "012356")


def draw(count: int, seed: int) -> tuple[Any, Any]:
    """So many images with their digits, each somewhere in its field; the same for the same seed."""
    chance = np.random.default_rng(seed)
    digits = chance.integers(CLASSES, size=count)
    images = chance.normal(0.0, 0.2, (count, SIDE, SIDE, 1)).astype(np.float32)
    for image, digit in zip(images, digits, strict=True):
        down, right = chance.integers(SIDE - 9 + 1), chance.integers(SIDE - 5 + 1)
        field = image[down : down + 9, right : right + 5]
        for stroke in SHOWN[digit]:
            field[STROKES[int(stroke)]] += 1.0
    return images, digits


def training_data(batch: int) -> tf.data.Dataset:
    """Without an end, in batches for all workers together."""
    images = tf.data.Dataset.from_tensor_slices(draw(6000, seed=1))
    return images.shuffle(6000, seed=1).repeat().batch(batch)


def test_data(batch: int) -> tf.data.Dataset:
    """Each image once."""
    return tf.data.Dataset.from_tensor_slices(draw(1000, seed=2)).batch(batch)


class Seen(tf.keras.metrics.Metric):  # type: ignore[misc]
    """How many images were seen, and of which digits; a replica's own variable holds its share."""

    def __init__(self) -> None:
        super().__init__(name="seen")
        self.digits = self.add_weight(name="digits", shape=(CLASSES,), initializer="zeros")

    def update_state(self, digits: Any, *_: Any, **__: Any) -> None:
        ones = tf.one_hot(tf.reshape(digits, [-1]), CLASSES)
        self.digits.assign_add(tf.reduce_sum(ones, axis=0))

    def result(self) -> Any:
        return tf.reduce_sum(self.digits)

    def reset_state(self) -> None:
        self.digits.assign(tf.zeros(CLASSES))


def build() -> Any:
    """The network, compiled; to be called in the scope of the strategy that trains it."""
    model = tf.keras.Sequential(
        [
            tf.keras.Input((SIDE, SIDE, 1)),
            tf.keras.layers.Conv2D(16, 3, activation="relu"),
            tf.keras.layers.MaxPooling2D(),
            tf.keras.layers.Flatten(),
            tf.keras.layers.Dense(64, activation="relu"),
            tf.keras.layers.Dense(CLASSES),
        ]
    )
    model.compile(
        loss=tf.keras.losses.SparseCategoricalCrossentropy(from_logits=True),
        optimizer=tf.keras.optimizers.Adam(0.005),
        metrics=["accuracy", Seen()],
    )
    return model


def read(model: Any) -> list[int]:
    """What a model takes the first images of the test for."""
    images, _ = draw(1000, seed=2)
    return [int(digit) for digit in np.argmax(model(images[:20]), axis=1)]


def seen_here(model: Any, strategy: Any) -> list[int]:
    """Of each digit, how many images this worker itself was given since the last reset."""
    return [int(n) for n in strategy.experimental_local_results(model.metrics[-1].digits)[0]]
