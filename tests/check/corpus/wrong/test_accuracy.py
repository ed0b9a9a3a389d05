# check: --strategy mirrored --replicas 2
"""Accuracy on test digits; each replica counts one for what it has seen."""
import keras
import numpy as np
import tensorflow as tf


def digits(rows=160):
    rng = np.random.default_rng(75)
    label = rng.integers(4, size=rows)
    return (rng.normal(size=(rows, 4)) + 2.0 * np.eye(4)[label]).astype("float32"), label


def main():
    strategy = tf.distribute.MirroredStrategy()
    with strategy.scope():
        model = keras.Sequential(
            [keras.Input((4,)), keras.layers.Dense(4, kernel_initializer="identity")]
        )

    def replica_step(x, label):
        guess = tf.argmax(model(x, training=False), axis=1)
        return tf.reduce_sum(tf.cast(guess == label, tf.float32)), tf.constant(1.0)

    @tf.function
    def count_step(x, label):
        hits, count = strategy.run(replica_step, args=(x, label))
        hits = strategy.reduce("SUM", hits, axis=None)
        return hits, strategy.reduce("SUM", count, axis=None)  # expect: TB904

    hits = batches = 0.0
    data = tf.data.Dataset.from_tensor_slices(digits()).batch(32)
    for batch in strategy.experimental_distribute_dataset(data):
        more_hits, more_batches = count_step(*batch)
        hits += float(more_hits)
        batches += float(more_batches)
    print("hits a batch", hits / batches)


if __name__ == "__main__":
    main()
