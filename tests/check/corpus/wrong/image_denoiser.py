# check: --strategy mirrored --replicas 2
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
        losses = self.strategy.run(self.replica_step, args=(noisy, clean))
        self.last_loss = self.strategy.reduce("SUM", losses, axis=None)  # expect: TB303

    def fit(self, dataset, epochs):
        for epoch in range(epochs):
            for noisy, clean in self.strategy.experimental_distribute_dataset(dataset):
                self.train_step(noisy, clean)
            logging.info("epoch %d: loss %s", epoch, self.last_loss)


def images(rows=16):
    rng = np.random.default_rng(27)
    clean = np.ones((rows, 6, 6, 1)) * rng.uniform(size=(rows, 1, 1, 1))
    noisy = clean + 0.1 * rng.normal(size=clean.shape)
    return noisy.astype("float32"), clean.astype("float32")


def main():
    keras.utils.set_random_seed(1)
    denoiser = Denoiser(tf.distribute.MirroredStrategy())
    denoiser.fit(tf.data.Dataset.from_tensor_slices(images()).batch(BATCH), epochs=2)
    logging.info("kernel sum %.4f", denoiser.net.get_weights()[0].sum())


main()
