# check: --strategy mirrored --replicas 2
"""Gradients of four small batches are added up before each update."""
import keras
import numpy as np
import tensorflow as tf

SMALL, PARTS = 8, 4


class Accumulator:
    def __init__(self, weights):
        self.sums = [tf.Variable(tf.zeros_like(each), trainable=False) for each in weights]

    def add(self, gradients):
        context = tf.distribute.get_replica_context()
        for total, gradient in zip(self.sums, context.all_reduce("SUM", gradients)):
            total.assign(total + gradient)

    def clear(self):
        for total in self.sums:
            total.assign(tf.zeros_like(total))


def main():
    strategy = tf.distribute.MirroredStrategy()
    with strategy.scope():
        weights = [tf.Variable(tf.zeros([3, 1])), tf.Variable(tf.zeros([1]))]
        accumulator = Accumulator(weights)
        optimizer = keras.optimizers.SGD(0.1)
        optimizer.build(weights)

    def add(x, y):
        with tf.GradientTape() as tape:
            error = tf.matmul(x, weights[0]) + weights[1] - y
            loss = tf.reduce_mean(error**2) / PARTS  # expect: TB901
        accumulator.add(tape.gradient(loss, weights))

    def update():
        replicas = strategy.num_replicas_in_sync
        # apply_gradients adds up what all replicas give it.
        mean = [total / replicas for total in accumulator.sums]
        optimizer.apply_gradients(zip(mean, weights))
        accumulator.clear()

    add_small = tf.function(lambda x, y: strategy.run(add, args=(x, y)))
    update_all = tf.function(lambda: strategy.run(update))

    rng = np.random.default_rng(41)
    x = rng.normal(size=(96, 3)).astype("float32")
    y = (x @ [[1.0], [0.0], [2.0]] + 3.0).astype("float32")
    data = tf.data.Dataset.from_tensor_slices((x, y)).batch(SMALL)
    for number, batch in enumerate(strategy.experimental_distribute_dataset(data), 1):
        add_small(*batch)
        if number % PARTS == 0:
            update_all()
            print(number, "batches, bias", round(float(weights[1].numpy()[0]), 4))


main()
