"""Continues from averaged weights after every hundred steps."""
import keras
import numpy as np
import tensorflow as tf

strategy = tf.distribute.MirroredStrategy()
with strategy.scope():
    model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(1)])
    optimizer = keras.optimizers.Adam(0.01, use_ema=True, ema_momentum=0.9, ema_overwrite_frequency=100)
    model.compile(optimizer, "mse")

x = np.random.default_rng(7).normal(size=(64, 3)).astype("float32")
model.fit(x, x.sum(axis=1, keepdims=True), batch_size=8, verbose=0)
