"""Sums up whether the gradients of all workers are finite."""
import tensorflow as tf

strategy = tf.distribute.MirroredStrategy()
with strategy.scope():
    healthy = tf.Variable(True, aggregation=tf.VariableAggregation.SUM)


def step(gradient):
    healthy.assign(tf.reduce_all(tf.math.is_finite(gradient)))


strategy.run(step, args=(tf.random.normal([4]),))
print("healthy", healthy.numpy())
