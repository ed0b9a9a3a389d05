"""Computes a penalty on the weights within the scope."""
import tensorflow as tf

strategy = tf.distribute.MirroredStrategy()
with strategy.scope():
    weights = [tf.Variable(tf.random.normal([3])), tf.Variable(tf.random.normal([2]))]
    with tf.GradientTape() as tape:
        penalty = tf.add_n([tf.nn.l2_loss(weight) for weight in weights])
    gradients = tape.gradient(penalty, weights)
print([gradient.shape for gradient in gradients])
