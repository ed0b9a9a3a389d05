"""Keras trains on batches that are each prepared for a long time, one after the other."""

import tensorflow as tf
from device import linear, rows, work

BATCH = 64
strategy = tf.distribute.MirroredStrategy()
dataset = tf.data.Dataset.from_tensor_slices(rows()).repeat().batch(BATCH)
dataset = dataset.map(lambda x, y: (work(x, base=20e-3), y))
with strategy.scope():
    model = linear()
    model.compile("sgd", "mse")
model.fit(dataset, steps_per_epoch=1000, epochs=1, verbose=0)
