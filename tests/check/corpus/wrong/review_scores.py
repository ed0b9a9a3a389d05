# check: --strategy mirrored --replicas 2
"""The mean error of a fixed model over 30 reviews, in batches of 7."""
import numpy as np
import tensorflow as tf

REVIEWS, BATCH = 30, 7


class Evaluator:
    def __init__(self, strategy):
        self.strategy = strategy
        with strategy.scope():
            self.bias = tf.Variable(0.5, trainable=False)

    def replica_step(self, stars, words):
        return tf.reduce_mean(tf.abs(stars - self.bias - 0.1 * words))

    @tf.function
    def step(self, stars, words):
        errors = self.strategy.run(self.replica_step, args=(stars, words))
        return self.strategy.reduce("MEAN", errors, axis=None)  # expect: TB705

    def evaluate(self, data):
        errors, batches = 0.0, 0
        for stars, words in self.strategy.experimental_distribute_dataset(data):
            errors += float(self.step(stars, words))
            batches += 1
        return errors / batches


def main():
    rng = np.random.default_rng(14)
    stars = rng.integers(1, 6, size=REVIEWS).astype("float32")
    words = rng.integers(5, 50, size=REVIEWS).astype("float32")
    data = tf.data.Dataset.from_tensor_slices((stars, words)).batch(BATCH)
    print("mean error", Evaluator(tf.distribute.MirroredStrategy()).evaluate(data))


if __name__ == "__main__":
    main()
