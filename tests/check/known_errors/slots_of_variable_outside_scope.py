"""Averages weights that were made before the strategy."""
import tensorflow as tf

weights = [tf.Variable(tf.ones([2]), name="kernel"), tf.Variable(0.0, name="bias")]

strategy = tf.distribute.MirroredStrategy()
with strategy.scope():
    average = tf.train.ExponentialMovingAverage(0.99)


def step():
    average.apply(weights)


strategy.run(step)
