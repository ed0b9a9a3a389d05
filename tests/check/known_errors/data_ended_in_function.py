"""Runs ten steps an epoch on data for eight."""
import tensorflow as tf

STEPS = 10
strategy = tf.distribute.MirroredStrategy()
data = tf.data.Dataset.from_tensor_slices(tf.random.normal([32, 3])).batch(4)
iterator = iter(strategy.experimental_distribute_dataset(data))


@tf.function
def train_epoch():
    for _ in tf.range(STEPS):
        strategy.run(tf.reduce_mean, args=(next(iterator),))


train_epoch()
