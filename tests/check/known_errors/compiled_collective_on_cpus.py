"""Compiles its whole step, on several workers."""
import tensorflow as tf

strategy = tf.distribute.MultiWorkerMirroredStrategy()
with strategy.scope():
    weight = tf.Variable(tf.ones([3]), aggregation=tf.VariableAggregation.MEAN)


def replica_step(x):
    weight.assign_sub(0.1 * tf.reduce_mean(x - weight, axis=0))


@tf.function(jit_compile=True)
def train_step(x):
    strategy.run(replica_step, args=(x,))


train_step(tf.zeros([4, 3]))
