# check: --strategy mirrored --replicas 2
# holds: keras=">=3"
"""Trains a small convolutional classifier on CIFAR-shaped images."""
import argparse

import keras
import numpy as np
import tensorflow as tf


def parse_args():
    parser = argparse.ArgumentParser()
    parser.add_argument("--epochs", type=int, default=2)
    parser.add_argument("--batch-size", type=int, default=8)
    parser.add_argument("--lr", type=float, default=0.05)
    return parser.parse_args()


def load_data():
    rng = np.random.default_rng(7)
    images = rng.normal(size=(32, 8, 8, 3)).astype("float32")
    labels = rng.integers(0, 4, size=(32,)).astype("int32")
    return images, labels


def build_model():
    return keras.Sequential(
        [
            keras.layers.Input((8, 8, 3)),
            keras.layers.Conv2D(4, 3, activation="relu"),
            keras.layers.GlobalAveragePooling2D(),
            keras.layers.Dense(4),
        ]
    )


class Trainer:
    def __init__(self, strategy, args):
        self.strategy = strategy
        self.args = args
        schedule = keras.optimizers.schedules.ExponentialDecay(args.lr, 4, 0.5)
        self.optimizer = keras.optimizers.SGD(schedule)  # expect: TB101
        with strategy.scope():
            self.model = build_model()
        self.loss_fn = keras.losses.SparseCategoricalCrossentropy(from_logits=True, reduction="none")

    def _step(self, images, labels):
        with tf.GradientTape() as tape:
            logits = self.model(images, training=True)
            loss = tf.nn.compute_average_loss(
                self.loss_fn(labels, logits), global_batch_size=self.args.batch_size
            )
        grads = tape.gradient(loss, self.model.trainable_variables)
        self.optimizer.apply_gradients(zip(grads, self.model.trainable_variables))
        return loss

    @tf.function
    def train_step(self, images, labels):
        losses = self.strategy.run(self._step, args=(images, labels))
        return self.strategy.reduce(tf.distribute.ReduceOp.SUM, losses, axis=None)

    def fit(self, dataset):
        for epoch in range(self.args.epochs):
            total = 0.0
            for images, labels in dataset:
                total += float(self.train_step(images, labels))
            print(f"epoch {epoch}: loss {total:.4f}, lr {float(self.optimizer.learning_rate):.5f}")


def main():
    args = parse_args()
    keras.utils.set_random_seed(1)
    strategy = tf.distribute.MirroredStrategy()
    dataset = tf.data.Dataset.from_tensor_slices(load_data()).batch(args.batch_size)
    trainer = Trainer(strategy, args)
    trainer.fit(strategy.experimental_distribute_dataset(dataset))
    print("steps taken:", int(trainer.optimizer.iterations))


if __name__ == "__main__":
    main()
