"""Enters the scope again where the loss is computed."""
import tensorflow as tf

strategy = tf.distribute.MirroredStrategy()
with strategy.scope():
    weight = tf.Variable(2.0)


def loss_of(x):
    with strategy.scope():
        return tf.square(weight - x)


strategy.run(loss_of, args=(tf.constant(1.0),))
