"""Adds up the losses after the step by a replica context."""
import tensorflow as tf

strategy = tf.distribute.MirroredStrategy()
with strategy.scope():
    weight = tf.Variable(2.0)


def add_up(value):
    return tf.distribute.get_replica_context().all_reduce(tf.distribute.ReduceOp.SUM, value)


with strategy.scope():
    losses = strategy.run(lambda: tf.square(weight))
    print("loss", add_up(losses))
