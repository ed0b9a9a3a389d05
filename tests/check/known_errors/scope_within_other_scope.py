"""Builds its model by a function that makes a strategy as well."""
import keras
import tensorflow as tf


def build():
    strategy = tf.distribute.MirroredStrategy()
    with strategy.scope():
        return keras.Sequential([keras.Input((3,)), keras.layers.Dense(1)])


strategy = tf.distribute.MirroredStrategy()
with strategy.scope():
    model = build()
    optimizer = keras.optimizers.SGD(0.1)
