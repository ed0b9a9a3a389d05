# check: --strategy mirrored --replicas 2
"""A part-of-speech tagger that centres its inputs; tf_keras and fit."""
import os

os.environ["TF_USE_LEGACY_KERAS"] = "1"

import numpy as np
import tensorflow as tf

DIM, TAGS = 6, 3


class Center(tf.keras.layers.Layer):
    """Subtracts a moving mean of what came by in training."""

    def __init__(self, momentum=0.8, **kwargs):
        super().__init__(**kwargs)
        self.momentum = momentum

    def build(self, input_shape):
        self.mean = self.add_weight(
            "mean",
            shape=(input_shape[-1],),
            initializer="zeros",
            trainable=False,
            aggregation=tf.VariableAggregation.MEAN,
        )
        super().build(input_shape)

    def call(self, inputs, training=False):
        if training:
            batch_mean = tf.reduce_mean(inputs, axis=0)
            self.mean.assign(self.momentum * self.mean + (1 - self.momentum) * batch_mean)
        return inputs - self.mean


def tokens(rows=48):
    rng = np.random.default_rng(3)
    tags = rng.integers(0, TAGS, size=rows)
    vectors = rng.normal(size=(rows, DIM)) + 2 + np.eye(TAGS, DIM)[tags] * 3
    return vectors.astype("float32"), tags


def main():
    tf.keras.utils.set_random_seed(5)
    strategy = tf.distribute.MirroredStrategy()
    with strategy.scope():
        model = tf.keras.Sequential(
            [
                tf.keras.Input((DIM,)),
                Center(name="center"),
                tf.keras.layers.Dense(12, activation="relu"),
                tf.keras.layers.Dense(TAGS, activation="softmax"),
            ]
        )
        model.compile(
            optimizer=tf.keras.optimizers.Adam(0.01),
            loss="sparse_categorical_crossentropy",
            metrics=["accuracy"],
        )
    history = model.fit(*tokens(), batch_size=12, epochs=2, shuffle=False, verbose=0)
    print({name: [round(v, 4) for v in values] for name, values in history.history.items()})
    print("mean", model.get_layer("center").mean.numpy().round(3))


if __name__ == "__main__":
    main()
