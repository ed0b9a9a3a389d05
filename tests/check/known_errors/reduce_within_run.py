"""Logs the mean loss from within the step."""
import tensorflow as tf

strategy = tf.distribute.MirroredStrategy()
with strategy.scope():
    weight = tf.Variable(2.0)


def step(x):
    loss = tf.square(weight - x)
    print("loss", strategy.reduce(tf.distribute.ReduceOp.MEAN, loss, axis=None))
    return loss


strategy.run(step, args=(tf.constant(1.0),))
