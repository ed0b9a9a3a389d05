"""Loads a model first, and compiles it in the scope."""
import keras
import numpy as np
import tensorflow as tf


def load():
    inputs = keras.Input((3,))
    return keras.Model(inputs, keras.layers.Dense(1)(inputs))


model = load()
strategy = tf.distribute.MirroredStrategy()
with strategy.scope():
    model.compile(keras.optimizers.Adam(0.01), "mse")
model.fit(np.ones((32, 3)), np.ones((32, 1)), verbose=0)
