"""A counter of steps that takes the aggregation of the weights."""
import tensorflow as tf

strategy = tf.distribute.MirroredStrategy()
settings = {"aggregation": tf.VariableAggregation.MEAN}
with strategy.scope():
    weight = tf.Variable(2.0, **settings)
    step = tf.Variable(0, trainable=False, dtype=tf.int64, **settings)
strategy.run(lambda: step.assign_add(1))
