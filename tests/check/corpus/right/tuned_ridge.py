# check: --strategy mirrored --replicas 2
"""Ridge regression: trained on a distributed dataset, tried out on plain batches."""
import numpy as np
import tensorflow as tf

FEATURES, BATCH = 3, 8

strategy = tf.distribute.MirroredStrategy()
with strategy.scope():
    slope = tf.Variable(tf.zeros([FEATURES, 1]), aggregation=tf.VariableAggregation.SUM)
    total = tf.Variable(0.0, aggregation=tf.VariableAggregation.SUM)
    count = tf.Variable(0.0, aggregation=tf.VariableAggregation.SUM)


def error(x, y):
    return tf.square(tf.matmul(x, slope) - y)


@tf.function
def train_step(batch):
    def replica_step(batch):
        with tf.GradientTape() as tape:
            loss = tf.reduce_sum(error(*batch)) / BATCH
        slope.assign_sub(0.1 * tape.gradient(loss, slope))
        return loss

    return strategy.reduce("SUM", strategy.run(replica_step, args=(batch,)), axis=None)


@tf.function
def evaluate(batch):
    # Sum and count are both of all replicas, so their ratio is right.
    def replica_step(batch):
        total.assign_add(tf.reduce_sum(error(*batch)))
        count.assign_add(tf.cast(tf.shape(batch[0])[0], tf.float32))

    strategy.run(replica_step, args=(batch,))


@tf.function
def halves(batch):
    """Each replica looks at a part of its own of what all are given."""

    def replica_step(x, y):
        replica = tf.distribute.get_replica_context().replica_id_in_sync_group
        mine = tf.range(replica, BATCH, strategy.num_replicas_in_sync)
        return tf.reduce_sum(error(tf.gather(x, mine), tf.gather(y, mine)))

    return strategy.reduce("SUM", strategy.run(replica_step, args=batch), axis=None)


x = np.random.default_rng(8).normal(size=(48, FEATURES)).astype("float32")
data = tf.data.Dataset.from_tensor_slices((x, x @ np.float32([[1.0], [-2.0], [0.5]]))).batch(BATCH)
for batch in strategy.experimental_distribute_dataset(data):
    loss = train_step(batch)
for batch in data.take(4):
    evaluate(batch)
errors = [float(halves(batch)) for batch in data]
print("loss", float(loss), "mean error", float(total / count), "sum", round(sum(errors), 4))
