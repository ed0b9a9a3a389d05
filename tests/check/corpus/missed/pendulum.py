# check: --strategy mirrored --replicas 2
"""Length of a pendulum by descent written by hand; its weight takes the mean of all replicas."""
import numpy as np
import tensorflow as tf

BATCH = 20

strategy = tf.distribute.MirroredStrategy()
with strategy.scope():
    slope = tf.Variable(0.0, aggregation=tf.VariableAggregation.MEAN)


def swings(rows=100):
    rng = np.random.default_rng(53)
    root = rng.uniform(0.5, 1.5, size=rows).astype("float32")
    return root, (2.0 * root).astype("float32")


def replica_step(root, period):
    with tf.GradientTape() as tape:
        loss = tf.reduce_sum((slope * root - period) ** 2) / BATCH  # expect: TB902
    slope.assign_sub(0.2 * tape.gradient(loss, slope))
    return loss


@tf.function
def train(iterator):
    for batch in iterator:
        losses = strategy.run(replica_step, args=batch)
        tf.print("loss", strategy.reduce("SUM", losses, axis=None))


data = tf.data.Dataset.from_tensor_slices(swings()).batch(BATCH)
train(strategy.experimental_distribute_dataset(data))
print("slope", slope.numpy())
