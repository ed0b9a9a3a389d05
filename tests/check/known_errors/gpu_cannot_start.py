"""Multiplies on the first GPU."""
import tensorflow as tf

with tf.device("GPU:0"):
    product = tf.matmul(tf.ones([2, 2]), tf.ones([2, 2]))
