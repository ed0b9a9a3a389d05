# check: --strategy mirrored --replicas 2
"""Root mean squared error of a forecast, as the mean of what each replica computes."""
import numpy as np
import tensorflow as tf

BATCH = 20

strategy = tf.distribute.MirroredStrategy()
with strategy.scope():
    level = tf.Variable(0.0, aggregation=tf.VariableAggregation.SUM)


def demand(rows=100):
    rng = np.random.default_rng(79)
    spread = np.where(np.arange(rows) % BATCH < BATCH // 2, 0.1, 3.0)
    return (2.0 + spread * rng.normal(size=rows)).astype("float32")


@tf.function
def train_step(batch):
    def replica_step(seen):
        with tf.GradientTape() as tape:
            errors = tf.square(level - seen)
            loss = tf.reduce_sum(errors) / BATCH
        level.assign_sub(0.1 * tape.gradient(loss, level))
        return tf.sqrt(tf.reduce_mean(errors))

    roots = strategy.run(replica_step, args=(batch,))
    return strategy.reduce("MEAN", roots, axis=None)  # expect: TB904


for batch in strategy.experimental_distribute_dataset(
    tf.data.Dataset.from_tensor_slices(demand()).batch(BATCH)
):
    print("rmse", round(float(train_step(batch)), 4))
