# check: --strategy mirrored --replicas 2
"""Hand-made SGD whose learning rate falls after each epoch, given to each step."""
import numpy as np
import tensorflow as tf

BATCH = 8


class Trainer:
    def __init__(self, strategy, lr, l2=0.001):
        self.strategy = strategy
        self.lr = lr
        self.l2 = l2
        self.epoch = 0
        with strategy.scope():
            self.w = tf.Variable(tf.zeros([4, 1]), aggregation=tf.VariableAggregation.SUM)

    def _replica(self, x, y, lr):
        with tf.GradientTape() as tape:
            penalty = self.l2 * tf.nn.l2_loss(self.w) / self.strategy.num_replicas_in_sync
            loss = tf.reduce_sum(tf.square(tf.matmul(x, self.w) - y)) / BATCH + penalty
        self.w.assign_sub(lr * tape.gradient(loss, self.w))
        return loss

    @tf.function
    def step(self, x, y, lr):
        losses = self.strategy.run(self._replica, args=(x, y, lr))
        return self.strategy.reduce("SUM", losses, axis=None)

    def fit(self, dataset, epochs):
        for self.epoch in range(epochs):
            for x, y in self.strategy.experimental_distribute_dataset(dataset):
                loss = self.step(x, y, tf.constant(self.lr))
            print(f"epoch {self.epoch}: lr {self.lr:.3f} loss {float(loss):.5f}")
            self.lr *= 0.5


def main():
    x = np.random.default_rng(81).normal(size=(32, 4)).astype("float32")
    y = x @ np.array([[1], [2], [-1], [0]], dtype="float32")
    dataset = tf.data.Dataset.from_tensor_slices((x, y)).batch(BATCH)
    trainer = Trainer(tf.distribute.MirroredStrategy(), lr=0.1)
    trainer.fit(dataset, epochs=3)
    print(trainer.w.numpy().ravel())


if __name__ == "__main__":
    main()
