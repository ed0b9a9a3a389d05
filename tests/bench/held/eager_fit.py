"""Keras runs eagerly, as left over from debugging."""

import tensorflow as tf
from device import rows

strategy = tf.distribute.MirroredStrategy()
x, y = rows()
with strategy.scope():
    layers = [tf.keras.layers.Dense(16, activation="tanh") for _ in range(6)]
    model = tf.keras.Sequential([tf.keras.Input([16]), *layers, tf.keras.layers.Dense(1)])
    model.compile("sgd", "mse", run_eagerly=True)
model.fit(x, y, batch_size=64, epochs=20, verbose=0)
