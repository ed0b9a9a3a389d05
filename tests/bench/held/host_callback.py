"""A callback of Keras takes its time after every batch."""

import time

import tensorflow as tf
from device import linear, rows


class Slow(tf.keras.callbacks.Callback):
    """Takes the time that a plot or a table takes."""

    def on_train_batch_end(self, batch, logs=None):
        """Wait."""
        time.sleep(10e-3)


strategy = tf.distribute.MirroredStrategy()
x, y = rows()
with strategy.scope():
    model = linear()
    model.compile("sgd", "mse")
model.fit(x, y, batch_size=64, epochs=20, verbose=0, callbacks=[Slow()])
