# check: --strategy mirrored --replicas 2
"""Trains eagerly and shows how far it is."""
import numpy as np
import tensorflow as tf


class Progress:
    def __init__(self, total):
        self.total = total
        self.done = 0
        self.losses = []

    def tick(self, loss):
        self.done += 1
        self.losses.append(loss)

    def __str__(self):
        bar = "#" * int(10 * self.done / self.total)
        return f"[{bar:<10}] {self.done}/{self.total} {self.losses[-1]:.4f}"


class Trainer:
    batch = 6

    def __init__(self, x, y):
        self.strategy = tf.distribute.MirroredStrategy()
        self.data = tf.data.Dataset.from_tensor_slices((x, y)).batch(self.batch, drop_remainder=True)
        self.progress = Progress(total=len(x) // self.batch)
        with self.strategy.scope():
            self.layers = [
                tf.Variable(tf.eye(2), aggregation=tf.VariableAggregation.SUM) for _ in range(2)
            ]

    def forward(self, x):
        activations = [x]
        depth = 0
        for layer in self.layers:
            activations.append(tf.matmul(activations[-1], layer))
            depth += 1
        assert depth == len(activations) - 1
        return activations[-1]

    def replica_step(self, x, y):
        with tf.GradientTape() as tape:
            error = tf.reduce_sum(self.forward(x), axis=1) - y
            loss = tf.reduce_sum(tf.square(error)) / self.batch
        for layer, gradient in zip(self.layers, tape.gradient(loss, self.layers)):
            layer.assign_sub(0.05 * gradient)
        return loss

    def train(self):
        for x, y in self.strategy.experimental_distribute_dataset(self.data):
            losses = self.strategy.run(self.replica_step, args=(x, y))
            self.progress.tick(float(self.strategy.reduce("SUM", losses, axis=None)))
            print(self.progress)
        return self.layers[0].numpy()


if __name__ == "__main__":
    features = np.random.default_rng(33).normal(size=(30, 2)).astype("float32")
    print(Trainer(features, features[:, 0] - 2 * features[:, 1]).train())
