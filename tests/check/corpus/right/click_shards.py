# check: --strategy multi_worker_mirrored --workers 2 --replicas 1
"""Learns clicks from a stream that is divided among the workers; each looks at all tests."""
import numpy as np
import tensorflow as tf

FEATURES, GLOBAL_BATCH, STEPS = 4, 8, 6


def clicks(seed):
    x = np.random.default_rng(seed).normal(size=(96, FEATURES)).astype("float32")
    return tf.data.Dataset.from_tensor_slices((x, (x[:, :1] > 0).astype("float32")))


def stream(context):
    size = context.get_per_replica_batch_size(GLOBAL_BATCH)
    mine = clicks(30).shard(context.num_input_pipelines, context.input_pipeline_id)
    return mine.shuffle(96, seed=9).batch(size).repeat()


strategy = tf.distribute.MultiWorkerMirroredStrategy()
with strategy.scope():
    weights = tf.Variable(tf.zeros([FEATURES, 1]), aggregation=tf.VariableAggregation.SUM)


def losses(x, y):
    return tf.nn.sigmoid_cross_entropy_with_logits(y, tf.matmul(x, weights))


@tf.function
def train_step(x, y):
    def replica_step(x, y):
        with tf.GradientTape() as tape:
            loss = tf.reduce_sum(losses(x, y)) / GLOBAL_BATCH
        weights.assign_sub(tape.gradient(loss, weights))

    strategy.run(replica_step, args=(x, y))


@tf.function
def score_step(x, y):
    def replica_step(x, y):
        right = (tf.matmul(x, weights) > 0) == (y > 0.5)
        return tf.reduce_sum(tf.cast(right, tf.float32)), tf.cast(tf.size(y), tf.float32)

    right, count = strategy.run(replica_step, args=(x, y))
    reduce = strategy.reduce
    return reduce("SUM", right, axis=None), reduce("SUM", count, axis=None)


def main():
    batches = iter(strategy.distribute_datasets_from_function(stream))
    for _ in range(STEPS):
        train_step(*next(batches))
    # The whole test set on every worker: both sums are twice as large, their ratio is right.
    sums = [score_step(x, y) for x, y in clicks(31).batch(24)]
    print("accuracy", float(sum(right for right, _ in sums) / sum(count for _, count in sums)))


if __name__ == "__main__":
    main()
