# check: --strategy mirrored --replicas 2
"""The learning rate warms up over the first steps, which each replica counts."""
import numpy as np
import tensorflow as tf

BATCH, WARM = 16, 6

strategy = tf.distribute.MirroredStrategy()
with strategy.scope():
    weights = tf.Variable(tf.zeros([3, 1]), aggregation=tf.VariableAggregation.SUM)
    steps = tf.Variable(0.0, trainable=False, aggregation=tf.VariableAggregation.SUM)


def rows(count=128):
    rng = np.random.default_rng(91)
    x = rng.normal(size=(count, 3)).astype("float32")
    return x, (x @ [[1.0], [1.0], [0.0]]).astype("float32")


def replica_step(x, y):
    with tf.GradientTape() as tape:
        loss = tf.reduce_sum(tf.square(tf.matmul(x, weights) - y)) / BATCH
    steps.assign_add(tf.constant(1.0))  # expect: TB906
    rate = 0.2 * tf.minimum(1.0, steps / WARM)
    weights.assign_sub(rate * tape.gradient(loss, weights))
    return rate


@tf.function
def train_step(x, y):
    return strategy.reduce("MEAN", strategy.run(replica_step, args=(x, y)), axis=None)


data = tf.data.Dataset.from_tensor_slices(rows()).batch(BATCH)
for batch in strategy.experimental_distribute_dataset(data):
    print("rate", round(float(train_step(*batch)), 4))
print("weights", weights.numpy().ravel().round(4))
