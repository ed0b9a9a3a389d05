"""Adds the losses of steps to a list and takes their mean."""
import tensorflow as tf

strategy = tf.distribute.MirroredStrategy()


@tf.function
def train_step():
    return strategy.run(lambda: tf.random.uniform([]))


losses = [train_step() for _ in range(3)]
print("loss", tf.reduce_mean(tf.stack(losses)))
