# check: --strategy mirrored --replicas 2
"""Fits a slope in compiled steps; a Python function that they call counts batches."""
import numpy as np
import tensorflow as tf


class Counter:
    def __init__(self):
        self.batches = 0

    def count(self, size):
        self.batches += 1  # expect: TB301
        return np.int64(size)


def main():
    counter = Counter()
    strategy = tf.distribute.MirroredStrategy()
    with strategy.scope():
        slope = tf.Variable(0.0, aggregation=tf.VariableAggregation.MEAN)

    def replica_step(x, y):
        tf.numpy_function(counter.count, [tf.size(x)], tf.int64)
        slope.assign_sub(0.1 * tf.reduce_mean((slope * x - y) * x))

    @tf.function
    def train_step(x, y):
        strategy.run(replica_step, args=(x, y))

    rng = np.random.default_rng(14)
    x = rng.normal(size=48).astype("float32")
    dataset = tf.data.Dataset.from_tensor_slices((x, 1.5 * x)).batch(8)
    for batch in strategy.experimental_distribute_dataset(dataset):
        train_step(*batch)
    print(f"slope {float(slope.numpy()):.3f} after {counter.batches} batches")


if __name__ == "__main__":
    main()
