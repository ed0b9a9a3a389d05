# check: --strategy mirrored --replicas 2
"""Heavy-ball gradient descent written out, run eagerly to watch it step by step."""
import numpy as np
import tensorflow as tf

BATCH = 6


class HeavyBall:
    """Makes the velocity of a variable when it sees it for the first time."""

    def __init__(self, lr, momentum):
        self.lr = lr
        self.momentum = momentum
        self.velocities = {}

    def velocity(self, name, like):
        if name not in self.velocities:
            self.velocities[name] = tf.Variable(
                tf.zeros_like(like), trainable=False, aggregation=tf.VariableAggregation.MEAN
            )
        return self.velocities[name]

    def apply(self, variables, gradients):
        for (name, variable), gradient in zip(variables.items(), gradients):
            velocity = self.velocity(name, gradient)
            velocity.assign(self.momentum * velocity + gradient)
            variable.assign_sub(self.lr * velocity)


def samples():
    x = np.random.default_rng(19).normal(size=(30, 3)).astype("float32")
    return x, x @ np.array([0.3, -0.6, 1.2], dtype="float32")


strategy = tf.distribute.MirroredStrategy()
with strategy.scope():
    coefficients = tf.Variable(tf.zeros([3]), aggregation=tf.VariableAggregation.MEAN)
optimizer = HeavyBall(lr=0.05, momentum=0.9)


def replica_step(x, y):
    with tf.GradientTape() as tape:
        loss = tf.reduce_mean(tf.square(tf.linalg.matvec(x, coefficients) - y))
    optimizer.apply({"coefficients": coefficients}, [tape.gradient(loss, coefficients)])
    return loss


dataset = tf.data.Dataset.from_tensor_slices(samples()).batch(BATCH)
for step, (x, y) in enumerate(strategy.experimental_distribute_dataset(dataset)):
    losses = strategy.run(replica_step, args=(x, y))
    loss = strategy.reduce("MEAN", losses, axis=None)
    print(step, "loss", float(loss), "coefficients", coefficients.numpy().round(4))
