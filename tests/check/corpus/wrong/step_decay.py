# check: --strategy mirrored --replicas 2
"""Hand-made SGD whose learning rate falls after each epoch."""
import numpy as np
import tensorflow as tf

BATCH = 8


class Trainer:
    def __init__(self, strategy, lr=0.4):
        self.strategy = strategy
        self.lr = lr
        with strategy.scope():
            self.w = tf.Variable(tf.zeros([4, 1]), aggregation=tf.VariableAggregation.SUM)

    def _replica(self, x, y):
        with tf.GradientTape() as tape:
            loss = tf.reduce_sum(tf.square(x @ self.w - y)) / BATCH
        self.w.assign_sub(self.lr * tape.gradient(loss, self.w))  # expect: TB302
        return loss

    @tf.function
    def step(self, x, y):
        return self.strategy.reduce("SUM", self.strategy.run(self._replica, (x, y)), axis=None)

    def fit(self, dataset, epochs):
        for epoch in range(epochs):
            for x, y in self.strategy.experimental_distribute_dataset(dataset):
                loss = self.step(x, y)
            print(f"epoch {epoch}: lr {self.lr:.3f} loss {float(loss):.5f}")
            self.lr *= 0.5


def main():
    rng = np.random.default_rng(81)
    x = rng.normal(size=(32, 4)).astype("float32")
    y = x @ np.array([[1], [2], [-1], [0]], dtype="float32")
    dataset = tf.data.Dataset.from_tensor_slices((x, y)).batch(BATCH)
    trainer = Trainer(tf.distribute.MirroredStrategy(), lr=0.1)
    trainer.fit(dataset, epochs=3)
    print(trainer.w.numpy().ravel())


if __name__ == "__main__":
    main()
