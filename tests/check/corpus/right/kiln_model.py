# check: --strategy mirrored --replicas 2
# holds: keras=">=3"
"""Predicts a kiln's temperature; the step size shrinks with the steps of the optimizer."""
import keras
import numpy as np
import tensorflow as tf

SHARE = 20


class Shrinking(keras.optimizers.schedules.LearningRateSchedule):
    def __init__(self, start):
        self.start = start

    def __call__(self, step):
        return self.start * 0.9 ** keras.ops.cast(step, "float32")

    def get_config(self):
        return {"start": self.start}


class Kiln:
    def __init__(self, strategy):
        self.strategy = strategy
        with strategy.scope():
            self.model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1, kernel_initializer="zeros")])
            self.optimizer = keras.optimizers.SGD(Shrinking(0.2))
            self.optimizer.build(self.model.trainable_variables)

    def learn(self, x, y):
        with tf.GradientTape() as tape:
            errors = tf.square(self.model(x, training=True) - y)
            loss = tf.reduce_sum(errors) / SHARE
        weights = self.model.trainable_variables
        self.optimizer.apply_gradients(zip(tape.gradient(loss, weights), weights))
        return loss

    @tf.function
    def train(self, x, y):
        return self.strategy.reduce("SUM", self.strategy.run(self.learn, args=(x, y)), axis=None)


def main():
    kiln = Kiln(tf.distribute.MirroredStrategy())
    rng = np.random.default_rng(31)
    x = rng.normal(size=(100, 2)).astype("float32")
    y = (x @ np.array([[0.7], [-0.2]])).astype("float32")
    dataset = tf.data.Dataset.from_tensor_slices((x, y)).batch(SHARE)
    for x, y in kiln.strategy.experimental_distribute_dataset(dataset):
        loss = kiln.train(x, y)
    print(f"loss {float(loss):.4f}")


if __name__ == "__main__":
    main()
