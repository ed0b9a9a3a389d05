# check: --strategy mirrored --replicas 2
"""House prices by gradient descent, without any framework above tf."""
import logging

import numpy as np
import tensorflow as tf

logging.basicConfig(level=logging.INFO, format="%(levelname)s %(message)s")
log = logging.getLogger("prices")

rng = np.random.default_rng(0)
X = rng.uniform(0.2, 2.0, size=(32, 2)).astype("float32")
Y = (X @ np.array([[2.0], [0.7]]) + 0.1).astype("float32")
BATCH = 8


class Linear(tf.Module):
    """Makes its variables when it is called first."""

    def __init__(self, outputs, name=None):
        super().__init__(name=name)
        self.outputs = outputs
        self.w = None

    def __call__(self, x):
        if self.w is None:
            summed = tf.VariableAggregation.SUM
            self.w = tf.Variable(tf.zeros([x.shape[-1], self.outputs]), aggregation=summed)
            self.b = tf.Variable(tf.zeros([self.outputs]), aggregation=summed)
        return tf.matmul(x, self.w) + self.b


model = Linear(1)
strategy = tf.distribute.MirroredStrategy()
with strategy.scope():
    model(tf.zeros([1, 2]))


def descend(x, y, lr=0.1):
    with tf.GradientTape() as tape:
        loss = tf.reduce_sum(tf.square(model(x) - y)) / BATCH
    variables = model.trainable_variables
    for variable, gradient in zip(variables, tape.gradient(loss, variables)):
        variable.assign_sub(lr * gradient)
    return loss


@tf.function
def step(x, y):
    return strategy.reduce("SUM", strategy.run(descend, args=(x, y)), axis=None)


dataset = strategy.experimental_distribute_dataset(
    tf.data.Dataset.from_tensor_slices((X, Y)).batch(BATCH)
)
for epoch in range(3):
    for x, y in dataset:
        loss = step(x, y)
    log.info("epoch %d: loss %.5f", epoch, loss)
log.info("weights %s, bias %s", model.w.numpy().ravel(), model.b.numpy())
