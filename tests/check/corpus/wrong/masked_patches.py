# check: --strategy multi_worker_mirrored --workers 2 --replicas 2
"""Learns to fill in masked measurements; the masks are drawn in the step, repeatably."""
import numpy as np
import tensorflow as tf

SENSORS, BATCH = 6, 16


class Masking:
    def __init__(self, seed):
        self.generator = tf.random.Generator.from_seed(seed)  # expect: TB604

    def __call__(self, x):
        return tf.where(self.generator.uniform(tf.shape(x)) < 0.3, 0.0, x)


strategy = tf.distribute.MultiWorkerMirroredStrategy()
masked = Masking(seed=11)
with strategy.scope():
    weights = tf.Variable(tf.eye(SENSORS), aggregation=tf.VariableAggregation.SUM)


def replica_step(x):
    with tf.GradientTape() as tape:
        loss = tf.reduce_sum(tf.square(tf.matmul(masked(x), weights) - x)) / BATCH
    weights.assign_sub(0.05 * tape.gradient(loss, weights))
    return loss


@tf.function
def train_step(x):
    return strategy.reduce("SUM", strategy.run(replica_step, args=(x,)), axis=None)


def main():
    rng = np.random.default_rng(2)
    x = np.repeat(rng.normal(size=(64, 2)), SENSORS // 2, axis=1).astype("float32")
    data = tf.data.Dataset.from_tensor_slices(x).batch(BATCH)
    options = tf.data.Options()
    options.experimental_distribute.auto_shard_policy = tf.data.experimental.AutoShardPolicy.DATA
    for epoch in range(3):
        for batch in strategy.experimental_distribute_dataset(data.with_options(options)):
            loss = train_step(batch)
        print(f"epoch {epoch}: {float(loss):.3f}")


if __name__ == "__main__":
    main()
