# check: --strategy mirrored --replicas 2
"""Trains eagerly and shows how far it is."""
import numpy as np
import tensorflow as tf


class Progress:
    def __init__(self, total):
        self.total = total
        self.done = 0

    def __str__(self):
        bar = "#" * int(10 * self.done / self.total)
        return f"[{bar:<10}] {self.done}/{self.total}"


class Trainer:
    batch = 6

    def __init__(self, x, y):
        self.strategy = tf.distribute.MirroredStrategy()
        self.data = tf.data.Dataset.from_tensor_slices((x, y)).batch(self.batch, drop_remainder=True)
        self.progress = Progress(total=len(x) // self.batch)
        with self.strategy.scope():
            self.theta = tf.Variable(tf.zeros([2]), aggregation=tf.VariableAggregation.SUM)

    def replica_step(self, x, y):
        with tf.GradientTape() as tape:
            error = tf.linalg.matvec(x, self.theta) - y
            loss = tf.reduce_sum(tf.square(error)) / self.batch
        self.theta.assign_sub(0.2 * tape.gradient(loss, self.theta))
        self.progress.done += 1  # expect: TB301
        return loss

    def train(self):
        for x, y in self.strategy.experimental_distribute_dataset(self.data):
            losses = self.strategy.run(self.replica_step, args=(x, y))
            loss = self.strategy.reduce("SUM", losses, axis=None)
            print(self.progress, f"{float(loss):.4f}")
        return self.theta.numpy()


if __name__ == "__main__":
    rng = np.random.default_rng(33)
    features = rng.normal(size=(30, 2)).astype("float32")
    print(Trainer(features, features[:, 0] - 2 * features[:, 1]).train())
