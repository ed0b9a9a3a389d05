# check: --strategy mirrored --replicas 2
"""Keeps its bookkeeping on the CPU by a strategy of one device, and trains on all replicas."""
import tensorflow as tf


class Bookkeeping:
    def __init__(self):
        with tf.distribute.OneDeviceStrategy("CPU:0").scope():
            self.updates = tf.Variable(0, dtype=tf.int64, name="updates")  # expect: TB101

    def update(self):
        self.updates.assign_add(1)


strategy = tf.distribute.MirroredStrategy()
books = Bookkeeping()
with strategy.scope():
    slope = tf.Variable(0.0, aggregation=tf.VariableAggregation.MEAN)


@tf.function
def train_step(x):
    def replica_step(x):
        error = slope * x - 3.0 * x
        slope.assign_sub(0.05 * tf.reduce_mean(2.0 * error * x))
        books.update()
        return tf.reduce_mean(tf.square(error))

    return strategy.reduce("MEAN", strategy.run(replica_step, args=(x,)), axis=None)


data = tf.data.Dataset.from_tensor_slices(tf.linspace(1.0, 2.0, 32)).batch(8)
for x in strategy.experimental_distribute_dataset(data):
    print("update", int(books.updates.numpy()), "loss", float(train_step(x)))
