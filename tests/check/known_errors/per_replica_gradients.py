"""Scales the gradient of the loss by weights of each replica."""
import tensorflow as tf

strategy = tf.distribute.MirroredStrategy()
with strategy.scope():
    weight = tf.Variable(2.0)

scale = strategy.run(lambda: tf.random.uniform([]))
with tf.GradientTape() as tape:
    loss = tf.square(weight)
print(tape.gradient(loss, weight, output_gradients=scale))
