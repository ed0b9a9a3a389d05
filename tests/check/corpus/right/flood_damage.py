# check: --strategy mirrored --replicas 2
"""Damage by floods, tf_keras fit; the optimizer clips the gradients after their sum."""
import os

os.environ["TF_USE_LEGACY_KERAS"] = "1"

import numpy as np
import tensorflow as tf


def floods(rows=128):
    rng = np.random.default_rng(59)
    water = rng.exponential(size=(rows, 2)).astype("float32")
    damage = 10 * water[:, :1] ** 2
    damage[::16] *= 10
    return water, damage


def main():
    strategy = tf.distribute.MirroredStrategy()
    batch_size = 16 * strategy.num_replicas_in_sync
    with strategy.scope():
        dense = tf.keras.layers.Dense(1, kernel_initializer="zeros", input_shape=(2,))
        model = tf.keras.Sequential([dense])
        model.compile(optimizer=tf.keras.optimizers.SGD(0.5, clipnorm=1.0), loss="mse")
    water, damage = floods()
    model.fit(water, damage, batch_size=batch_size, epochs=2, shuffle=False, verbose=0)
    print("kernel", model.get_weights()[0].ravel().round(4))


if __name__ == "__main__":
    main()
