"""Counts its examples in a variable of the step."""
import tensorflow as tf

strategy = tf.distribute.MirroredStrategy()


def replica_step(x):
    examples = tf.Variable(0, dtype=tf.int32, trainable=False)
    examples.assign_add(tf.shape(x)[0])
    return examples.read_value()


@tf.function
def train_step(x):
    return strategy.run(replica_step, args=(x,))


train_step(tf.ones([4, 3]))
