# check: --strategy multi_worker_mirrored --workers 2 --replicas 1
"""Learns outlines that are jittered in the step, by a seed of each worker's own."""
import numpy as np
import tensorflow as tf

POINTS, BATCH = 5, 8

strategy = tf.distribute.MultiWorkerMirroredStrategy()
tf.random.set_seed(1234 + (strategy.cluster_resolver.task_id or 0))
with strategy.scope():
    weights = tf.Variable(tf.zeros([POINTS, 1]), aggregation=tf.VariableAggregation.SUM)


def jittered(x):
    return x + tf.random.uniform(tf.shape(x), -0.2, 0.2)


@tf.function
def train_step(x, y):
    def replica_step(x, y):
        with tf.GradientTape() as tape:
            error = tf.matmul(jittered(x), weights) - y
            loss = tf.reduce_sum(tf.square(error)) / BATCH
        weights.assign_sub(0.1 * tape.gradient(loss, weights))
        return loss

    return strategy.reduce("SUM", strategy.run(replica_step, args=(x, y)), axis=None)


def main():
    x = np.random.default_rng(6).normal(size=(64, POINTS)).astype("float32")
    data = tf.data.Dataset.from_tensor_slices((x, x.sum(axis=1, keepdims=True))).batch(BATCH)
    options = tf.data.Options()
    options.experimental_distribute.auto_shard_policy = tf.data.experimental.AutoShardPolicy.DATA
    for batch in strategy.experimental_distribute_dataset(data.with_options(options)):
        loss = train_step(*batch)
    print("loss", round(float(loss), 4), weights.numpy().ravel().round(3))


if __name__ == "__main__":
    main()
