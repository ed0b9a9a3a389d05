# check: --strategy mirrored --replicas 2
"""Digits with compile and fit, batch normalization and dropout; tf_keras."""
import numpy as np
import tensorflow as tf
import tf_keras as keras


class Net(keras.Model):
    def __init__(self):
        super().__init__()
        self.hidden = keras.layers.Dense(12)
        self.norm = keras.layers.BatchNormalization()
        self.drop = keras.layers.Dropout(0.25)
        self.out = keras.layers.Dense(10)

    def call(self, x, training=False):
        x = tf.nn.relu(self.norm(self.hidden(x), training=training))
        return self.out(self.drop(x, training=training))


class Tally(keras.callbacks.Callback):
    """Counts batches, on the host."""

    def __init__(self):
        super().__init__()
        self.batches = 0
        self.losses = []

    def on_train_batch_end(self, batch, logs=None):
        self.batches += 1
        self.losses.append(logs["loss"])


def digits(rows=64, seed=0):
    rng = np.random.default_rng(seed)
    labels = rng.integers(0, 10, size=rows)
    pixels = np.eye(10, 16)[labels] + 0.1 * rng.normal(size=(rows, 16)) + np.arange(rows)[:, None] / 32
    return pixels.astype("float32"), labels


def main():
    keras.utils.set_random_seed(9)
    strategy = tf.distribute.MirroredStrategy()
    with strategy.scope():
        net = Net()
        net.compile(
            optimizer=keras.optimizers.Adam(0.01),
            loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True),
            metrics=["accuracy"],
        )
    x, y = digits()
    tally = Tally()
    net.fit(x, y, batch_size=16, epochs=2, shuffle=False, verbose=0, callbacks=[tally])
    print("batches", tally.batches, "mean loss", float(np.mean(tally.losses)))
    print("evaluated", net.evaluate(x, y, batch_size=16, verbose=0))
    print("mean", net.norm.moving_mean.numpy().round(4))


if __name__ == "__main__":
    main()
