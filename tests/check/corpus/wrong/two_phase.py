# check: --strategy mirrored --replicas 2
# holds: keras=">=3"
"""Trains in two phases; several devices are used when there are several."""
import keras
import numpy as np
import tensorflow as tf

BATCH = 8


def strategy_for(devices):
    return tf.distribute.MirroredStrategy() if len(devices) > 1 else tf.distribute.get_strategy()


class Phase:
    def __init__(self, name, model, optimizer, steps):
        self.name = name
        self.model = model
        self.optimizer = optimizer
        self.steps = steps

    def replica_step(self, x, y):
        with tf.GradientTape() as tape:
            loss = tf.reduce_sum(tf.square(self.model(x, training=True) - y)) / BATCH
        gradients = tape.gradient(loss, self.model.trainable_variables)
        self.optimizer.apply_gradients(zip(gradients, self.model.trainable_variables))  # expect: TB501
        return loss

    def train(self, strategy, dataset):
        @tf.function
        def step(x, y):
            return strategy.reduce("SUM", strategy.run(self.replica_step, args=(x, y)), axis=None)

        for _, (x, y) in zip(range(self.steps), strategy.experimental_distribute_dataset(dataset)):
            loss = step(x, y)
        print(f"{self.name}: loss {float(loss):.4f}")


def main():
    keras.utils.set_random_seed(3)
    x = np.random.default_rng(88).normal(size=(32, 3)).astype("float32")
    dataset = tf.data.Dataset.from_tensor_slices((x, x.sum(axis=1, keepdims=True))).batch(BATCH)
    coarse = keras.optimizers.Adam(0.1)
    fine = keras.optimizers.Adam(0.01)
    strategy = strategy_for(tf.config.list_logical_devices())
    with strategy.scope():
        model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(1)])
    for phase in (Phase("coarse", model, coarse, 4), Phase("fine", model, fine, 2)):
        phase.train(strategy, dataset)
    print(model.get_weights()[0].ravel())


main()
