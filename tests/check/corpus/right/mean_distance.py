# check: --strategy mirrored --replicas 2
"""Keeps the mean error of a tracker in a variable that is averaged when read, eager."""
import numpy as np
import tensorflow as tf

strategy = tf.distribute.MirroredStrategy()
with strategy.scope():
    mean_error = tf.Variable(
        0.0,
        trainable=False,
        synchronization=tf.VariableSynchronization.ON_READ,
        aggregation=tf.VariableAggregation.MEAN,
    )


def positions(rows=64):
    rng = np.random.default_rng(74)
    place = rng.normal(size=(rows, 2)).astype("float32")
    return place, place + 0.5


def replica_step(place, seen):
    error = tf.reduce_mean(tf.norm(place - seen, axis=1))
    mean_error.assign(0.9 * mean_error + 0.1 * error)


data = tf.data.Dataset.from_tensor_slices(positions()).batch(16)
for step, batch in enumerate(strategy.experimental_distribute_dataset(data)):
    strategy.run(replica_step, args=batch)
    print(f"step {step}: mean error {float(mean_error.read_value()):.4f}")
