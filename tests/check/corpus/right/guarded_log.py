# check: --strategy mirrored --replicas 2
"""Line fit whose replicas keep their losses in a list under a lock, and assign outside of it."""
import threading

import tensorflow as tf

lock = threading.Lock()
strategy = tf.distribute.MirroredStrategy()
with strategy.scope():
    slope = tf.Variable(0.5, aggregation=tf.VariableAggregation.MEAN)
    total = tf.Variable(0.0, aggregation=tf.VariableAggregation.MEAN)


def formatted(error):
    # What is printed together stays together.
    with lock:
        return tf.strings.format("error {}", tf.reduce_mean(error))


def replica_step(x):
    error = slope * x - 2.0 * x
    slope.assign_sub(0.1 * tf.reduce_mean(2.0 * error * x))
    total.assign_add(tf.reduce_mean(tf.square(error)))
    return formatted(error)


data = tf.data.Dataset.from_tensor_slices(tf.linspace(1.0, 2.0, 16)).batch(8)
for step, x in enumerate(strategy.experimental_distribute_dataset(data)):
    lines = strategy.run(replica_step, args=(x,))
    print(*[line.numpy().decode() for line in strategy.experimental_local_results(lines)])
print("mean loss", float(total.numpy()) / 2)
