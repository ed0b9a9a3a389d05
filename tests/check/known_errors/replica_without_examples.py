"""Tries out a model on one example."""
import keras
import numpy as np
import tensorflow as tf

strategy = tf.distribute.MirroredStrategy()
with strategy.scope():
    model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(1)])
    model.compile(keras.optimizers.SGD(0.1), "mse")

x = np.random.default_rng(5).normal(size=(1, 3))
model.fit(x, x.sum(axis=1, keepdims=True), batch_size=16, verbose=0)
