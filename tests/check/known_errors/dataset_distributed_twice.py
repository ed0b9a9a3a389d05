"""Reads data by a function that distributes them already."""
import tensorflow as tf

strategy = tf.distribute.MirroredStrategy()


def read():
    data = tf.data.Dataset.from_tensor_slices(tf.random.normal([16, 3])).batch(4)
    return strategy.experimental_distribute_dataset(data)


for batch in strategy.experimental_distribute_dataset(read()):
    strategy.run(tf.reduce_mean, args=(batch,))
