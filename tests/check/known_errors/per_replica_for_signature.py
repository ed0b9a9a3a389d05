"""Fixes the signature of its step to avoid retracing."""
import numpy as np
import tensorflow as tf

strategy = tf.distribute.MirroredStrategy()
x = np.ones((16, 3), "float32")
data = strategy.experimental_distribute_dataset(tf.data.Dataset.from_tensor_slices(x).batch(8))


@tf.function(input_signature=[tf.TensorSpec([None, 3], tf.float32)])
def train_step(images):
    return strategy.run(tf.reduce_mean, args=(images,))


for images in data:
    train_step(images)
