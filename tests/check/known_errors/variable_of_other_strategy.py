"""Trains with one strategy and evaluates with another one of the same devices."""
import tensorflow as tf

train_strategy = tf.distribute.MirroredStrategy()
eval_strategy = tf.distribute.MirroredStrategy()

with train_strategy.scope():
    weight = tf.Variable(2.0)
    seen = tf.Variable(0.0, aggregation=tf.VariableAggregation.SUM)


def evaluate(x):
    seen.assign_add(tf.cast(tf.size(x), tf.float32))
    return tf.reduce_mean(tf.square(weight - x))


eval_strategy.run(evaluate, args=(tf.ones([4]),))
