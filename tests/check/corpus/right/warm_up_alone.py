# check: --strategy mirrored --replicas 2
"""Trains a small encoder on one device first, and a head for it on all replicas afterwards."""
import numpy as np
import tensorflow as tf

tf.keras.utils.set_random_seed(5)


def samples():
    rng = np.random.default_rng(2)
    x = rng.normal(size=(64, 6)).astype("float32")
    return x, x[:, :1] - x[:, 1:2]


x, y = samples()
strategy = tf.distribute.MirroredStrategy()

encoder = tf.keras.Sequential([tf.keras.Input([6]), tf.keras.layers.Dense(6)])
encoder.compile(optimizer="sgd", loss="mse")
encoder.fit(x, x, batch_size=16, epochs=1, verbose=0)
codes = encoder.predict(x, verbose=0)

with strategy.scope():
    head = tf.keras.Sequential([tf.keras.Input([6]), tf.keras.layers.Dense(1)])
    head.compile(optimizer=tf.keras.optimizers.SGD(0.05), loss="mse")
history = head.fit(codes, y, batch_size=16, epochs=2, verbose=0)
print("falls", history.history["loss"][1] < history.history["loss"][0])
