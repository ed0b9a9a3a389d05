# check: --strategy multi_worker_mirrored --workers 2 --replicas 2
"""Fits a line to sensor readings and keeps count of the rows that were seen."""
import numpy as np
import tensorflow as tf

ROWS, BATCH = 64, 16


def make_counter(name):
    total = tf.Variable(0, dtype=tf.int64, name=name)  # expect: TB101

    def bump():
        total.assign_add(1)

    def value():
        return int(total.numpy())

    return bump, value


def readings():
    rng = np.random.default_rng(2)
    t = rng.uniform(-1, 1, size=ROWS).astype("float32")
    return t, 3.0 * t - 0.5


def main():
    strategy = tf.distribute.MultiWorkerMirroredStrategy()
    count_step, steps = make_counter("steps")

    with strategy.scope():
        slope = tf.Variable(0.0, aggregation=tf.VariableAggregation.SUM)
        offset = tf.Variable(0.0, aggregation=tf.VariableAggregation.SUM)

    def fit_replica(t, y):
        with tf.GradientTape() as tape:
            loss = tf.reduce_sum(tf.square(slope * t + offset - y)) / BATCH
        d_slope, d_offset = tape.gradient(loss, (slope, offset))
        slope.assign_sub(0.3 * d_slope)
        offset.assign_sub(0.3 * d_offset)
        count_step()
        return loss

    @tf.function
    def fit(t, y):
        return strategy.reduce("SUM", strategy.run(fit_replica, args=(t, y)), axis=None)

    options = tf.data.Options()
    options.experimental_distribute.auto_shard_policy = tf.data.experimental.AutoShardPolicy.DATA
    dataset = tf.data.Dataset.from_tensor_slices(readings()).batch(BATCH).with_options(options)
    for t, y in strategy.experimental_distribute_dataset(dataset):
        loss = fit(t, y)
        print(f"step {steps()}: loss {float(loss):.4f}")
    print("slope", slope.numpy(), "offset", offset.numpy(), "after", steps(), "steps")


if __name__ == "__main__":
    main()
