# check: --strategy multi_worker_mirrored --workers 2 --replicas 2
"""Fits a line to readings of the weather and keeps count of steps and rows."""
import numpy as np
import tensorflow as tf

ROWS, BATCH = 64, 16


def make_counters():
    """A counter of steps, and one of rows, which each replica counts for itself."""
    steps = tf.Variable(
        0, dtype=tf.int64, aggregation=tf.VariableAggregation.ONLY_FIRST_REPLICA, name="steps"
    )
    rows = tf.Variable(
        0.0,
        synchronization=tf.VariableSynchronization.ON_READ,
        aggregation=tf.VariableAggregation.SUM,
        trainable=False,
        name="rows",
    )

    def bump(count):
        steps.assign_add(1)
        rows.assign_add(tf.cast(count, tf.float32))

    return bump, lambda: (int(steps.numpy()), float(rows.numpy()))


def readings():
    t = np.random.default_rng(2).uniform(-1, 1, size=ROWS).astype("float32")
    return t, 3.0 * t - 0.5


def main():
    strategy = tf.distribute.MultiWorkerMirroredStrategy()
    with strategy.scope():
        bump, counted = make_counters()
        slope = tf.Variable(0.0, aggregation=tf.VariableAggregation.SUM)
        offset = tf.Variable(0.0, aggregation=tf.VariableAggregation.SUM)

    def fit_replica(t, y):
        with tf.GradientTape() as tape:
            loss = tf.reduce_sum(tf.square(slope * t + offset - y)) / BATCH
        d_slope, d_offset = tape.gradient(loss, (slope, offset))
        slope.assign_sub(0.3 * d_slope)
        offset.assign_sub(0.3 * d_offset)
        bump(tf.shape(t)[0])
        return loss

    @tf.function
    def fit(t, y):
        return strategy.reduce("SUM", strategy.run(fit_replica, args=(t, y)), axis=None)

    options = tf.data.Options()
    options.experimental_distribute.auto_shard_policy = tf.data.experimental.AutoShardPolicy.DATA
    dataset = tf.data.Dataset.from_tensor_slices(readings()).batch(BATCH).with_options(options)
    for t, y in strategy.experimental_distribute_dataset(dataset):
        loss = fit(t, y)
    print(f"loss {float(loss):.4f} after %d steps, %d rows" % counted())
    print("slope", slope.numpy(), "offset", offset.numpy())


if __name__ == "__main__":
    main()
