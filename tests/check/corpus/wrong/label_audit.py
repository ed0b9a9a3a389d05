# check: --strategy mirrored --replicas 2
"""Perceptron that audits its mistakes per class while it learns."""
from collections import Counter

import numpy as np
import tensorflow as tf

BATCH = 8


class Perceptron:
    def __init__(self, strategy, inputs, classes):
        self.strategy = strategy
        self.classes = classes
        self.audit = Counter()
        with strategy.scope():
            self.weights = tf.Variable(
                tf.zeros([inputs, classes]), aggregation=tf.VariableAggregation.SUM
            )

    def learn(self, x, y):
        guess = tf.argmax(x @ self.weights, axis=1, output_type=tf.int32)
        wrong = tf.not_equal(guess, y)
        direction = tf.one_hot(y, self.classes) - tf.one_hot(guess, self.classes)
        self.weights.assign_add(tf.matmul(x, direction, transpose_a=True) / BATCH)
        mistakes = tf.reduce_sum(tf.cast(wrong, tf.int32))
        self.audit["batches"] += 1  # expect: TB301
        return mistakes

    def epoch(self, dataset):
        mistakes = 0
        for x, y in self.strategy.experimental_distribute_dataset(dataset):
            per_replica = self.strategy.run(self.learn, args=(x, y))
            mistakes += int(self.strategy.reduce("SUM", per_replica, axis=None))
        return mistakes


def samples(classes, rows=40):
    rng = np.random.default_rng(11)
    y = rng.integers(0, classes, size=rows).astype("int32")
    x = (np.eye(classes)[y] + 0.3 * rng.normal(size=(rows, classes))).astype("float32")
    return tf.data.Dataset.from_tensor_slices((x, y)).batch(BATCH)


def main():
    model = Perceptron(tf.distribute.MirroredStrategy(), inputs=3, classes=3)
    dataset = samples(3)
    for number in range(3):
        mistakes = model.epoch(dataset)
        batches = model.audit["batches"]
        print(f"epoch {number}: {mistakes} mistakes, {batches} batches so far")
    print("batches per epoch:", model.audit["batches"] / 3)


main()
