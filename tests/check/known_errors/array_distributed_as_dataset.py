"""Distributes a list of batches."""
import numpy as np
import tensorflow as tf

strategy = tf.distribute.MirroredStrategy()
batches = [np.ones((4, 3), "float32") for _ in range(3)]
for batch in strategy.experimental_distribute_dataset(batches):
    strategy.run(tf.reduce_mean, args=(batch,))
