# check: --strategy mirrored --replicas 2
"""Adds up gradients over several small batches before a step is taken."""
import numpy as np
import tensorflow as tf

BATCH, EVERY, LR = 4, 3, 0.2


class Accumulator(tf.Module):
    """Each replica adds up for itself; only `drain` brings the sums together."""

    def __init__(self, variables):
        super().__init__()
        self.sums = [
            tf.Variable(
                tf.zeros_like(v),
                trainable=False,
                synchronization=tf.VariableSynchronization.ON_READ,
                aggregation=tf.VariableAggregation.SUM,
            )
            for v in variables
        ]

    def add(self, gradients):
        for total, gradient in zip(self.sums, gradients):
            total.assign_add(gradient)

    def drain(self, variables):
        for total, variable in zip(self.sums, variables):
            variable.assign_sub(LR / EVERY * total.read_value())
            total.assign(tf.zeros_like(total))


strategy = tf.distribute.MirroredStrategy()
with strategy.scope():
    w = tf.Variable(tf.zeros([3]), aggregation=tf.VariableAggregation.SUM, name="w")
    b = tf.Variable(0.0, aggregation=tf.VariableAggregation.SUM, name="b")
    accumulator = Accumulator([w, b])


def replica_gradients(x, y):
    with tf.GradientTape() as tape:
        loss = tf.reduce_sum(tf.square(tf.linalg.matvec(x, w) + b - y)) / BATCH
    accumulator.add(tape.gradient(loss, [w, b]))
    return loss


@tf.function
def accumulate(x, y):
    return strategy.reduce("SUM", strategy.run(replica_gradients, args=(x, y)), axis=None)


@tf.function
def apply():
    strategy.run(lambda: accumulator.drain([w, b]))


def main():
    x = np.random.default_rng(95).normal(size=(48, 3)).astype("float32")
    y = x @ np.array([1.0, 0.5, -0.5], dtype="float32") + 0.3
    dataset = tf.data.Dataset.from_tensor_slices((x, y)).batch(BATCH)
    pending = 0
    for x, y in strategy.experimental_distribute_dataset(dataset):
        loss = accumulate(x, y)
        pending += 1
        if pending == EVERY:
            apply()
            pending = 0
            print("loss", float(loss), "w", w.numpy().round(4))
    print("b", b.numpy())


if __name__ == "__main__":
    main()
