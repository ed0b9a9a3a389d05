"""Adds up the losses of all replicas."""
import tensorflow as tf

strategy = tf.distribute.MirroredStrategy()


@tf.function
def train_step(x):
    losses = strategy.run(lambda x: tf.reduce_mean(tf.square(x)), args=(x,))
    return strategy.reduce(tf.distribute.ReduceOp.SUM, losses)


print(train_step(tf.ones([4])))
