# check: --strategy mirrored --replicas 2
"""Weight decay written into the update of each replica; the weight adds up all updates."""
import numpy as np
import tensorflow as tf

RATE, DECAY, BATCH = 0.1, 0.2, 16

strategy = tf.distribute.MirroredStrategy()
with strategy.scope():
    weights = tf.Variable([[1.0], [1.0]], aggregation=tf.VariableAggregation.SUM)


def rows(count=64):
    rng = np.random.default_rng(84)
    x = rng.normal(size=(count, 2)).astype("float32")
    return x, (x @ [[1.5], [-0.5]]).astype("float32")


def replica_step(x, y):
    with tf.GradientTape() as tape:
        loss = tf.reduce_sum(tf.square(tf.matmul(x, weights) - y)) / BATCH
    gradient = tape.gradient(loss, weights)
    gradient += DECAY * weights  # expect: TB905
    weights.assign_sub(RATE * gradient)
    return loss


@tf.function
def train(dataset):
    for x, y in dataset:
        loss = strategy.reduce("SUM", strategy.run(replica_step, args=(x, y)), axis=None)
        tf.print("loss", loss)


data = tf.data.Dataset.from_tensor_slices(rows()).batch(BATCH)
train(strategy.experimental_distribute_dataset(data))
print("weights", weights.numpy().ravel())
