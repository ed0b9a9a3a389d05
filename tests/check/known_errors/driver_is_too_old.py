"""Trains on the GPU that TensorFlow lists."""
import tensorflow as tf

print("GPUs:", tf.config.list_physical_devices("GPU"))
strategy = tf.distribute.MirroredStrategy()
with strategy.scope():
    weights = tf.Variable(tf.zeros([2, 2]))
