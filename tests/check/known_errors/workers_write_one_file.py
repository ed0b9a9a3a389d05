"""Saves the weights after each epoch, on every worker."""
import os
import tempfile

import keras
import tensorflow as tf

strategy = tf.distribute.MultiWorkerMirroredStrategy()
with strategy.scope():
    model = keras.Sequential([keras.Input((300,)), keras.layers.Dense(1000), keras.layers.Dense(1000)])

path = os.path.join(tempfile.gettempdir(), "epoch.weights.h5")
for epoch in range(60):
    strategy.run(lambda: model(tf.ones([2, 300])))
    model.save_weights(path)
