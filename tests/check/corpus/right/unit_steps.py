# check: --strategy mirrored --replicas 2
"""Descent by steps of one length along the slope of all replicas; written by hand, eager."""
import numpy as np
import tensorflow as tf


class NormalisedDescent:
    def __init__(self, length):
        self.length = length

    def apply(self, gradient, weights):
        context = tf.distribute.get_replica_context()
        gradient = context.all_reduce("MEAN", gradient)
        direction = gradient / (tf.norm(gradient) + 1e-9)
        weights.assign_sub(self.length * direction)


def readings(rows=60):
    rng = np.random.default_rng(63)
    x = rng.normal(size=(rows, 2)).astype("float32")
    x[:, 1] *= 1 + np.arange(rows) % 10  # the second half of each batch weighs more
    return x, (x @ [[1.0], [-1.0]]).astype("float32")


strategy = tf.distribute.MirroredStrategy()
with strategy.scope():
    weights = tf.Variable(tf.zeros([2, 1]), aggregation=tf.VariableAggregation.MEAN)
descent = NormalisedDescent(0.2)


def replica_step(x, y):
    with tf.GradientTape() as tape:
        loss = tf.reduce_mean(tf.square(tf.matmul(x, weights) - y))
    descent.apply(tape.gradient(loss, weights), weights)
    return loss


data = tf.data.Dataset.from_tensor_slices(readings()).batch(10)
for batch in strategy.experimental_distribute_dataset(data):
    losses = strategy.run(replica_step, args=batch)
    print("loss", round(float(strategy.reduce("MEAN", losses, axis=None)), 4))
print("weights", weights.numpy().ravel().round(4))
