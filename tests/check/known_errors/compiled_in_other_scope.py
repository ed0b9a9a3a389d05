"""Compiles a model of tf_keras that was made before the strategy."""
import numpy as np
import tensorflow as tf
import tf_keras

inputs = tf_keras.Input((3,))
model = tf_keras.Model(inputs, tf_keras.layers.Dense(1)(inputs))

strategy = tf.distribute.MirroredStrategy()
with strategy.scope():
    model.compile(optimizer="adam", loss="mse", metrics=["mae"])
model.fit(np.ones((32, 3)), np.ones((32, 1)), verbose=0)
