"""Takes the next batch where it is needed."""
import tensorflow as tf

strategy = tf.distribute.MirroredStrategy()
data = tf.data.Dataset.from_tensor_slices(tf.random.normal([16, 3])).batch(4)
iterator = iter(strategy.experimental_distribute_dataset(data))


def replica_step():
    return tf.reduce_mean(next(iterator))


@tf.function
def train_step():
    return strategy.run(replica_step)


train_step()
