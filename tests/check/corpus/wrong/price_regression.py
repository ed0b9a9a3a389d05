# check: --strategy mirrored --replicas 2
"""House prices by gradient descent, without any framework above tf."""
import logging

import numpy as np
import tensorflow as tf

logging.basicConfig(level=logging.INFO, format="%(levelname)s %(message)s")
log = logging.getLogger("prices")

rng = np.random.default_rng(0)
AREA = rng.uniform(0.2, 2.0, size=(32, 1)).astype("float32")
ROOMS = rng.integers(1, 6, size=(32, 1)).astype("float32") / 5
X = np.concatenate([AREA, ROOMS], axis=1)
Y = (2.0 * AREA + 0.7 * ROOMS + 0.1).astype("float32")


class Linear(tf.Module):
    def __init__(self, inputs, outputs, name=None):
        super().__init__(name=name)
        self.w = tf.Variable(tf.zeros([inputs, outputs]), name="w")  # expect: TB101
        self.b = tf.Variable(tf.zeros([outputs]), name="b")  # expect: TB101

    def __call__(self, x):
        return x @ self.w + self.b


model = Linear(2, 1)
strategy = tf.distribute.MirroredStrategy()


def descend(x, y, lr=0.1):
    with tf.GradientTape() as tape:
        loss = tf.reduce_mean(tf.square(model(x) - y))
    for variable, gradient in zip(
        model.trainable_variables, tape.gradient(loss, model.trainable_variables)
    ):
        variable.assign_sub(lr * gradient)
    return loss


@tf.function
def step(x, y):
    losses = strategy.run(descend, args=(x, y))
    return strategy.reduce("MEAN", losses, axis=None)


dataset = strategy.experimental_distribute_dataset(
    tf.data.Dataset.from_tensor_slices((X, Y)).batch(8)
)
for epoch in range(3):
    for x, y in dataset:
        loss = step(x, y)
    log.info("epoch %d: loss %.5f", epoch, loss)
log.info("weights %s, bias %s", model.w.numpy().ravel(), model.b.numpy())
