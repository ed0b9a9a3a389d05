"""Counts its examples in the loop around the step."""
import tensorflow as tf

strategy = tf.distribute.MirroredStrategy()
with strategy.scope():
    examples = tf.Variable(
        0,
        trainable=False,
        dtype=tf.int64,
        synchronization=tf.VariableSynchronization.ON_READ,
        aggregation=tf.VariableAggregation.SUM,
    )
    for batch in tf.data.Dataset.range(8).batch(4):
        examples.assign_add(tf.size(batch, out_type=tf.int64))
print("examples", examples.numpy())
