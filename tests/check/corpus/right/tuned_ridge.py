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
def step(batch, training):
    """Trains on what replicas share among them; of a test, sum and count are all replicas'."""

    def replica_step(x, y):
        with tf.GradientTape() as tape:
            loss = tf.reduce_sum(error(x, y)) / BATCH
        if training:
            slope.assign_sub(0.1 * tape.gradient(loss, slope))
        total.assign_add(loss)
        count.assign_add(tf.cast(tf.shape(x)[0], tf.float32) / BATCH)

    strategy.run(replica_step, args=batch)


x = np.random.default_rng(8).normal(size=(48, FEATURES)).astype("float32")
data = tf.data.Dataset.from_tensor_slices((x, x @ np.float32([[1.0], [-2.0], [0.5]]))).batch(BATCH)
for epoch in range(2):
    for batch in strategy.experimental_distribute_dataset(data):
        step(batch, training=True)
    total.assign(0.0)
    count.assign(0.0)
    for batch in data.take(4):
        step(batch, training=False)
    print(f"epoch {epoch}: error {float(total / count):.4f}")
