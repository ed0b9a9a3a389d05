# check: --strategy mirrored --replicas 2
"""Masks inputs in the step with random numbers of a generator in the scope."""
import numpy as np
import tensorflow as tf

BATCH = 16

strategy = tf.distribute.MirroredStrategy()
with strategy.scope():
    weights = tf.Variable(tf.zeros([6, 1]), aggregation=tf.VariableAggregation.SUM)
    generator = tf.random.Generator.from_seed(102)


def replica_step(x, y):
    keep = tf.cast(generator.uniform(tf.shape(x)) > 0.3, tf.float32)
    with tf.GradientTape() as tape:
        loss = tf.reduce_sum(tf.square(tf.matmul(x * keep, weights) - y)) / BATCH
    weights.assign_sub(0.05 * tape.gradient(loss, weights))
    return loss


@tf.function
def train_step(x, y):
    return strategy.reduce("SUM", strategy.run(replica_step, args=(x, y)), axis=None)


rng = np.random.default_rng(102)
x = rng.normal(size=(96, 6)).astype("float32")
y = (x @ np.ones((6, 1))).astype("float32")
data = tf.data.Dataset.from_tensor_slices((x, y)).batch(BATCH)
for batch in strategy.experimental_distribute_dataset(data):
    print("loss", round(float(train_step(*batch)), 4))
