# check: --strategy multi_worker_mirrored --workers 2 --replicas 1
"""A rate that rises and falls by a counter of one replica, on several workers."""
import numpy as np
import tensorflow as tf

BATCH = 16


def rows(count=96):
    rng = np.random.default_rng(95)
    x = rng.normal(size=(count, 2)).astype("float32")
    return x, (x @ [[1.0], [2.0]]).astype("float32")


def noam(step, warm=4.0):
    return 0.2 * tf.minimum(step / warm, tf.sqrt(warm / tf.maximum(step, 1.0)))


def main():
    strategy = tf.distribute.MultiWorkerMirroredStrategy()
    with strategy.scope():
        weights = tf.Variable(tf.zeros([2, 1]), aggregation=tf.VariableAggregation.SUM)
        steps = tf.Variable(
            0.0,
            trainable=False,
            synchronization=tf.VariableSynchronization.ON_READ,
            aggregation=tf.VariableAggregation.ONLY_FIRST_REPLICA,
        )

    def replica_step(x, y, rate):
        with tf.GradientTape() as tape:
            loss = tf.reduce_sum(tf.square(tf.matmul(x, weights) - y)) / BATCH
        weights.assign_sub(rate * tape.gradient(loss, weights))
        steps.assign_add(tf.constant(1.0))

    @tf.function
    def train_step(x, y, rate):
        strategy.run(replica_step, args=(x, y, rate))

    options = tf.data.Options()
    options.experimental_distribute.auto_shard_policy = tf.data.experimental.AutoShardPolicy.DATA
    data = tf.data.Dataset.from_tensor_slices(rows()).batch(BATCH).with_options(options)
    for x, y in strategy.experimental_distribute_dataset(data):
        rate = noam(steps.read_value() + 1.0)
        train_step(x, y, rate)
        print("rate", round(float(rate), 4))
    print("weights", weights.numpy().ravel().round(4))


if __name__ == "__main__":
    main()
