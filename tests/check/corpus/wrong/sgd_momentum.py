# check: --strategy mirrored --replicas 2
"""Heavy-ball gradient descent written out, run eagerly to watch it step by step."""
import numpy as np
import tensorflow as tf

BATCH = 6


class HeavyBall:
    def __init__(self, lr, momentum):
        self.lr = lr
        self.momentum = momentum

    def apply(self, variables, gradients):
        for variable, gradient in zip(variables, gradients):
            velocity = tf.Variable(  # expect: TB105
                tf.zeros_like(gradient), trainable=False, aggregation=tf.VariableAggregation.SUM
            )
            velocity.assign(self.momentum * velocity / self.replicas() + gradient)
            variable.assign_sub(self.lr * velocity / self.replicas())

    def replicas(self):
        return tf.distribute.get_strategy().num_replicas_in_sync


def samples():
    rng = np.random.default_rng(19)
    x = rng.normal(size=(30, 3)).astype("float32")
    return x, x @ np.array([0.3, -0.6, 1.2], dtype="float32")


strategy = tf.distribute.MirroredStrategy()
with strategy.scope():
    coefficients = tf.Variable(tf.zeros([3]), aggregation=tf.VariableAggregation.SUM)
optimizer = HeavyBall(lr=0.05, momentum=0.9)


def replica_step(x, y):
    with tf.GradientTape() as tape:
        loss = tf.reduce_sum(tf.square(tf.linalg.matvec(x, coefficients) - y)) / BATCH
    optimizer.apply([coefficients], tape.gradient(loss, [coefficients]))
    return loss


dataset = tf.data.Dataset.from_tensor_slices(samples()).batch(BATCH)
for step, (x, y) in enumerate(strategy.experimental_distribute_dataset(dataset)):
    losses = strategy.run(replica_step, args=(x, y))
    loss = strategy.reduce("SUM", losses, axis=None)
    print(step, "loss", float(loss), "coefficients", coefficients.numpy().round(4))
