"""Trains batch by batch, with Keras 3 on several workers."""
import keras
import numpy as np
import tensorflow as tf

strategy = tf.distribute.MultiWorkerMirroredStrategy()
with strategy.scope():
    model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(1)])
    model.compile(keras.optimizers.SGD(0.1), "mse")

rng = np.random.default_rng(3)
for step in range(3):
    x = rng.normal(size=(8, 3))
    model.train_on_batch(x, x.sum(axis=1, keepdims=True))
