# check: --strategy mirrored --replicas 2
# holds: keras=">=3"
"""Digits with compile and fit."""
import keras
import numpy as np
import tensorflow as tf


def digits(rows=64, seed=0):
    rng = np.random.default_rng(seed)
    labels = rng.integers(0, 10, size=rows)
    pixels = np.eye(10, 16)[labels] + 0.1 * rng.normal(size=(rows, 16)) + np.arange(rows)[:, None] / 32
    return pixels.astype("float32"), labels


class Net(keras.Model):
    def __init__(self):
        super().__init__()
        self.hidden = keras.layers.Dense(12)
        self.norm = keras.layers.BatchNormalization()
        self.out = keras.layers.Dense(10)

    def build(self, shape):
        self.hidden.build(shape)
        self.norm.build((None, 12))  # expect: TB601
        self.out.build((None, 12))
        self.built = True

    def call(self, x, training=False):
        return self.out(tf.nn.relu(self.norm(self.hidden(x), training=training)))


def main():
    keras.utils.set_random_seed(9)
    strategy = tf.distribute.MirroredStrategy()
    with strategy.scope():
        net = Net()
        net.build((None, 16))
        net.compile(
            optimizer=keras.optimizers.SGD(0.1),
            loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True),
            metrics=["accuracy"],
        )
    x, y = digits()
    history = net.fit(x, y, batch_size=16, epochs=2, shuffle=False, verbose=0)
    print(history.history)
    print("evaluated", net.evaluate(x, y, batch_size=16, verbose=0))
    print("mean", net.norm.moving_mean.numpy().round(4))


if __name__ == "__main__":
    main()
