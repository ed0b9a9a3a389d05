# check: --strategy mirrored --replicas 2
"""Keras 3: compile and fit with callbacks, a custom metric and a custom layer."""
import keras
import numpy as np
import tensorflow as tf


class Scale(keras.layers.Layer):
    """Multiplies by a learned number, and has a fixed one, too."""

    def build(self, shape):
        self.factor = self.add_weight(shape=(), initializer="ones", name="factor")
        self.limit = self.add_weight(
            shape=(), initializer=lambda shape, dtype: tf.constant(3.0), trainable=False, name="limit"
        )

    def call(self, x):
        return tf.clip_by_value(x * self.factor, -self.limit, self.limit)


class Largest(keras.callbacks.Callback):
    def __init__(self):
        super().__init__()
        self.losses = []

    def on_train_batch_end(self, batch, logs=None):
        self.losses.append(float(logs["loss"]))


def plane(rows=64):
    x = np.random.default_rng(60).normal(size=(rows, 2)).astype("float32")
    return x, (x[:, :1] - 2 * x[:, 1:]).clip(-3, 3)


def main():
    keras.utils.set_random_seed(14)
    strategy = tf.distribute.MirroredStrategy()
    with strategy.scope():
        model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1), Scale()])
        model.compile(
            optimizer=keras.optimizers.Adam(
                keras.optimizers.schedules.CosineDecay(0.1, decay_steps=16)
            ),
            loss="mse",
            metrics=[keras.metrics.MeanAbsoluteError(name="mae")],
        )
    largest = Largest()
    history = model.fit(
        *plane(),
        batch_size=16,
        epochs=3,
        shuffle=False,
        verbose=0,
        callbacks=[largest, keras.callbacks.EarlyStopping(monitor="loss", patience=2)],
    )
    for name, values in history.history.items():
        print(name, np.round(values, 4))
    print(len(largest.losses), "batches, largest running loss", round(max(largest.losses), 4))


if __name__ == "__main__":
    main()
