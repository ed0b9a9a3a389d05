"""Places a momentum beside each copy of a weight, by hand."""
import tensorflow as tf

strategy = tf.distribute.MirroredStrategy()
with strategy.scope():
    weight = tf.Variable(tf.ones([3]))


def momentum_for(variable):
    with strategy.extended.colocate_vars_with(variable):
        return tf.Variable(tf.zeros_like(variable), trainable=False)


momentum = momentum_for(weight)
