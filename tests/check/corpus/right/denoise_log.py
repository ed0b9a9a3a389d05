# check: --strategy mirrored --replicas 2
# holds: keras=">=3"
"""Denoises small images; logs the last loss at the end of an epoch."""
import logging

import keras
import numpy as np
import tensorflow as tf

logging.basicConfig(level=logging.INFO, format="%(message)s")
BATCH = 4


class Denoiser:
    def __init__(self, strategy):
        self.strategy = strategy
        self.last_loss = None
        self.history = []
        with strategy.scope():
            self.net = keras.Sequential(
                [keras.Input((6, 6, 1)), keras.layers.Conv2D(1, 3, padding="same")]
            )
            self.optimizer = keras.optimizers.SGD(0.05)
            self.optimizer.build(self.net.trainable_variables)

    def replica_step(self, noisy, clean):
        with tf.GradientTape() as tape:
            error = tf.square(self.net(noisy, training=True) - clean)
            loss = tf.reduce_sum(tf.reduce_mean(error, axis=[1, 2, 3])) / BATCH
        grads = tape.gradient(loss, self.net.trainable_variables)
        self.optimizer.apply_gradients(zip(grads, self.net.trainable_variables))
        return loss

    @tf.function
    def train_step(self, noisy, clean):
        terms = []
        losses = self.strategy.run(self.replica_step, args=(noisy, clean))
        terms.append(self.strategy.reduce("SUM", losses, axis=None))
        terms.append(0.0001 * tf.nn.l2_loss(self.net.trainable_variables[0].value))
        return tf.add_n(terms)

    def fit(self, dataset, epochs):
        for epoch in range(epochs):
            for noisy, clean in self.strategy.experimental_distribute_dataset(dataset):
                self.last_loss = self.train_step(noisy, clean)
                self.history.append(self.last_loss)
            logging.info("epoch %d: loss %.5f", epoch, self.last_loss)
        logging.info("mean %.5f", tf.reduce_mean(tf.stack(self.history)))


def main():
    rng = np.random.default_rng(27)
    clean = (np.ones((16, 6, 6, 1)) * rng.uniform(size=(16, 1, 1, 1))).astype("float32")
    noisy = (clean + 0.1 * rng.normal(size=clean.shape)).astype("float32")
    keras.utils.set_random_seed(1)
    denoiser = Denoiser(tf.distribute.MirroredStrategy())
    denoiser.fit(tf.data.Dataset.from_tensor_slices((noisy, clean)).batch(BATCH), epochs=2)


main()
