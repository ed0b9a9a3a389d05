"""Counts its steps, one for each replica."""
import tensorflow as tf

strategy = tf.distribute.MirroredStrategy()
with strategy.scope():
    total = tf.Variable(0.0, trainable=False, aggregation=tf.VariableAggregation.SUM)


def replica_step(x):
    loss = tf.reduce_mean(x)
    total.assign_add(1.0)
    return loss


for batch in tf.data.Dataset.from_tensor_slices(tf.ones([8, 3])).batch(4):
    strategy.run(replica_step, args=(batch,))
