# check: --strategy mirrored --replicas 2
"""Ridge regression, step by step in eager mode."""
import numpy as np
import tensorflow as tf


class Ridge(tf.Module):
    def __init__(self, features):
        super().__init__()
        self.slope = tf.Variable(tf.zeros([features, 1]), aggregation=tf.VariableAggregation.SUM)

    def loss(self, x, y):
        error = tf.reduce_mean(tf.square(tf.matmul(x, self.slope) - y))
        return error + 0.01 * tf.reduce_sum(tf.square(self.slope))


class Trainer:
    def __init__(self, strategy):
        self.strategy = strategy
        with strategy.scope():
            self.model = Ridge(3)

    def replica_step(self, batch):
        x, y = batch
        with tf.GradientTape() as tape:
            loss = self.model.loss(x, y) / self.strategy.num_replicas_in_sync
        self.model.slope.assign_sub(0.1 * tape.gradient(loss, self.model.slope))
        return loss

    def fit(self, data):
        iterator = iter(data)
        for step in range(6):
            batch = next(iterator)  # expect: TB701
            loss = self.strategy.run(self.replica_step, args=(batch,))
            print(step, float(self.strategy.reduce("SUM", loss, axis=None)))


def main():
    rng = np.random.default_rng(8)
    x = rng.normal(size=(48, 3)).astype("float32")
    y = x @ np.float32([[1.0], [-2.0], [0.5]])
    data = tf.data.Dataset.from_tensor_slices((x, y)).batch(8)
    trainer = Trainer(tf.distribute.MirroredStrategy())
    trainer.fit(data)
    print(trainer.model.slope.numpy().ravel().round(3))


if __name__ == "__main__":
    main()
