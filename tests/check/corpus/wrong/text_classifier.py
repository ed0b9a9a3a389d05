# check: --strategy mirrored --replicas 2
# holds: keras=">=3"
"""Classifies bags of words, with dropout against overfitting."""
from dataclasses import dataclass

import keras
import numpy as np
import tensorflow as tf


@dataclass(frozen=True)
class Hyper:
    vocabulary: int = 20
    hidden: int = 16
    rate: float = 0.5
    batch: int = 8


def network(hyper):
    return keras.Sequential(
        [
            keras.Input((hyper.vocabulary,)),
            keras.layers.Dense(hyper.hidden, activation="relu"),
            keras.layers.Dropout(hyper.rate),  # expect: TB602
            keras.layers.Dense(2),
        ]
    )


def documents(hyper, rows=48):
    rng = np.random.default_rng(12)
    counts = rng.poisson(0.5, size=(rows, hyper.vocabulary)).astype("float32")
    half = hyper.vocabulary // 2
    return counts, (counts[:, :half].sum(1) > counts[:, half:].sum(1)).astype("int32")


class Learner:
    def __init__(self, strategy, hyper):
        self.strategy, self.hyper = strategy, hyper
        with strategy.scope():
            self.model = network(hyper)
            self.optimizer = keras.optimizers.Adam(0.02)
            self.optimizer.build(self.model.trainable_variables)

    def learn(self, x, y):
        with tf.GradientTape() as tape:
            logits = self.model(x, training=True)
            each = tf.nn.sparse_softmax_cross_entropy_with_logits(labels=y, logits=logits)
            loss = tf.reduce_sum(each) / self.hyper.batch
        gradients = tape.gradient(loss, self.model.trainable_variables)
        self.optimizer.apply_gradients(zip(gradients, self.model.trainable_variables))
        return loss

    @tf.function
    def step(self, x, y):
        return self.strategy.reduce("SUM", self.strategy.run(self.learn, args=(x, y)), axis=None)


def main():
    hyper = Hyper()
    keras.utils.set_random_seed(1)
    learner = Learner(tf.distribute.MirroredStrategy(), hyper)
    dataset = tf.data.Dataset.from_tensor_slices(documents(hyper)).batch(hyper.batch)
    for epoch in range(2):
        for x, y in learner.strategy.experimental_distribute_dataset(dataset):
            loss = learner.step(x, y)
        print(f"epoch {epoch} loss {float(loss):.4f}")


main()
