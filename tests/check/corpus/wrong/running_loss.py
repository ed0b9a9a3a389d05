# check: --strategy mirrored --replicas 2
"""Fits a line eagerly, and slows down once the loss no longer falls."""
import numpy as np
import tensorflow as tf


class Fit:
    def __init__(self, strategy):
        self.strategy = strategy
        self.last_loss = None
        self.rate = 0.2
        with strategy.scope():
            self.slope = tf.Variable(0.0, aggregation=tf.VariableAggregation.MEAN)

    def replica_step(self, x, y):
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean(tf.square(self.slope * x - y))
        self.slope.assign_sub(self.rate * tape.gradient(loss, self.slope))
        self.last_loss = loss  # expect: TB305

    def train(self, data):
        previous = np.inf
        for x, y in self.strategy.experimental_distribute_dataset(data):
            self.strategy.run(self.replica_step, args=(x, y))
            loss = float(self.last_loss)
            if loss > previous:
                self.rate /= 2
            previous = loss
            print(f"loss {loss:.4f}, rate {self.rate}")


if __name__ == "__main__":
    rng = np.random.default_rng(8)
    x = rng.normal(size=80).astype("float32")
    y = 3.0 * x + rng.normal(scale=0.3, size=80).astype("float32")
    Fit(tf.distribute.MirroredStrategy()).train(tf.data.Dataset.from_tensor_slices((x, y)).batch(8))
