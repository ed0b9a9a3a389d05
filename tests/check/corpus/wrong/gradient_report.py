# check: --strategy mirrored --replicas 2
"""Fits a plane and collects what it finds about the gradients."""
import numpy as np
import tensorflow as tf

BATCH = 8
FINDINGS = {}

strategy = tf.distribute.MirroredStrategy()
with strategy.scope():
    plane = tf.Variable(tf.zeros([3]), aggregation=tf.VariableAggregation.SUM, name="plane")


def note(name, value):
    FINDINGS[name] = value  # expect: TB303


def replica_step(x, y):
    with tf.GradientTape() as tape:
        loss = tf.reduce_sum(tf.square(tf.linalg.matvec(x, plane) - y)) / BATCH
    gradient = tape.gradient(loss, plane)
    plane.assign_sub(0.2 * gradient)
    return loss, gradient


@tf.function
def train_step(x, y):
    loss, gradient = strategy.run(replica_step, args=(x, y))
    gradient = strategy.reduce("SUM", gradient, axis=None)
    note("norm", tf.norm(gradient))
    note("largest", tf.reduce_max(tf.abs(gradient)))
    return strategy.reduce("SUM", loss, axis=None)


def report():
    for name, value in FINDINGS.items():
        print(f"{name:>8}: {value}")


def main():
    x = np.random.default_rng(37).normal(size=(40, 3)).astype("float32")
    y = x @ np.array([0.5, 1.0, -1.5], dtype="float32")
    dataset = tf.data.Dataset.from_tensor_slices((x, y)).batch(BATCH)
    for number, batch in enumerate(strategy.experimental_distribute_dataset(dataset)):
        print(number, float(train_step(*batch)))
    report()


if __name__ == "__main__":
    main()
