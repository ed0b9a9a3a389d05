# check: --strategy multi_worker_mirrored --workers 2 --replicas 1
"""Accuracy of a classifier over several workers, which each have a part of the samples."""
import numpy as np
import tensorflow as tf

BATCH = 16


def samples(rows=64):
    rng = np.random.default_rng(77)
    x = rng.normal(size=(rows, 2)).astype("float32")
    return x, (x[:, 0] + 0.5 * rng.normal(size=rows) > 0).astype("float32")


def main():
    strategy = tf.distribute.MultiWorkerMirroredStrategy()
    with strategy.scope():
        weights = tf.Variable([0.1, 0.0], aggregation=tf.VariableAggregation.SUM)

    def replica_step(x, y):
        with tf.GradientTape() as tape:
            logits = tf.linalg.matvec(x, weights)
            losses = tf.nn.sigmoid_cross_entropy_with_logits(y, logits)
            loss = tf.reduce_sum(losses) / BATCH
        weights.assign_sub(tape.gradient(loss, weights))
        return tf.reduce_mean(tf.cast((logits > 0) == (y > 0.5), tf.float32))

    @tf.function
    def train_step(x, y):
        accuracy = strategy.run(replica_step, args=(x, y))
        return strategy.reduce("SUM", accuracy, axis=None)  # expect: TB904

    options = tf.data.Options()
    options.experimental_distribute.auto_shard_policy = tf.data.experimental.AutoShardPolicy.DATA
    data = tf.data.Dataset.from_tensor_slices(samples()).batch(BATCH).with_options(options)
    for batch in strategy.experimental_distribute_dataset(data):
        accuracy = train_step(*batch)
        print(f"accuracy {float(accuracy):.4f}")


if __name__ == "__main__":
    main()
