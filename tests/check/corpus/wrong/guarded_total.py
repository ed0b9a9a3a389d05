# check: --strategy mirrored --replicas 2 --timeout 8
"""Line fit whose running total is guarded by a lock, since replicas are threads."""
import threading

import tensorflow as tf


class Total:
    def __init__(self):
        self.lock = threading.Lock()
        self.loss = tf.Variable(0.0, aggregation=tf.VariableAggregation.MEAN)

    def add(self, loss):
        with self.lock:  # expect: TB404
            self.loss.assign_add(loss)


strategy = tf.distribute.MirroredStrategy()
with strategy.scope():
    total = Total()
    slope = tf.Variable(0.5, aggregation=tf.VariableAggregation.MEAN)


def replica_step(x):
    error = slope * x - 2.0 * x
    slope.assign_sub(0.1 * tf.reduce_mean(2.0 * error * x))
    total.add(tf.reduce_mean(tf.square(error)))


data = tf.data.Dataset.from_tensor_slices(tf.linspace(1.0, 2.0, 16)).batch(8)
for step, x in enumerate(strategy.experimental_distribute_dataset(data)):
    strategy.run(replica_step, args=(x,))
    print("step", step, "mean loss", float(total.loss.numpy()) / (step + 1))
