# check: --strategy mirrored --replicas 2
# holds: keras=">=3"
"""Classifies wines with Adam, Keras 3; its loss objects divide by the number of replicas."""
import keras
import numpy as np
import tensorflow as tf


def wines(rows=192):
    rng = np.random.default_rng(32)
    kinds = rng.integers(3, size=rows)
    return (rng.normal(size=(rows, 4)) + 1.5 * np.eye(3, 4)[kinds]).astype("float32"), kinds


class Trainer:
    def __init__(self, strategy):
        self.strategy = strategy
        with strategy.scope():
            self.model = keras.Sequential(
                [keras.Input((4,)), keras.layers.Dense(8, "tanh"), keras.layers.Dense(3)]
            )
            self.loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
            self.optimizer = keras.optimizers.Adam(0.01)
            self.optimizer.build(self.model.trainable_variables)

    def replica_step(self, batch):
        x, y = batch
        with tf.GradientTape() as tape:
            loss = self.loss(y, self.model(x, training=True))
        grads = tape.gradient(loss, self.model.trainable_variables)
        self.optimizer.apply_gradients(zip(grads, self.model.trainable_variables))
        return loss

    @tf.function
    def step(self, batch):
        losses = self.strategy.run(self.replica_step, args=(batch,))
        return self.strategy.reduce("SUM", losses, axis=None)


def main():
    keras.utils.set_random_seed(5)
    strategy = tf.distribute.MirroredStrategy()
    trainer = Trainer(strategy)
    batch_size = 16 * strategy.num_replicas_in_sync
    data = tf.data.Dataset.from_tensor_slices(wines()).batch(batch_size)
    for batch in strategy.experimental_distribute_dataset(data):
        print("loss", round(float(trainer.step(batch)), 4))
    slots = trainer.optimizer.variables[2:]
    print("slots", [round(float(tf.norm(each)), 5) for each in slots])


if __name__ == "__main__":
    main()
