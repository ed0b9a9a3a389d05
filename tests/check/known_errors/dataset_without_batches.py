"""Distributes examples one by one."""
import numpy as np
import tensorflow as tf

strategy = tf.distribute.MirroredStrategy()
examples = tf.data.Dataset.from_tensor_slices(np.arange(16, dtype="float32")).shuffle(16)
for example in strategy.experimental_distribute_dataset(examples):
    strategy.run(tf.square, args=(example,))
