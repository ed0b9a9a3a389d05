"""Configures the optimizer at the top, and the model in the scope."""
import keras
import numpy as np
import tensorflow as tf

OPTIMIZER = keras.optimizers.Adam(0.01)

strategy = tf.distribute.MirroredStrategy()
with strategy.scope():
    model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(1)])
    model.compile(OPTIMIZER, "mse")

model.fit(np.ones((32, 3)), np.ones((32, 1)), epochs=1, verbose=0)
