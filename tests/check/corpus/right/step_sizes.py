# check: --strategy mirrored --replicas 2
"""Tries step sizes on a line fit: a fresh line for each one, judged after a single step."""
import numpy as np
import tensorflow as tf

ROWS = 24
strategy = tf.distribute.MirroredStrategy()


class Line:
    def __init__(self):
        with strategy.scope():
            self.slopes = tf.Variable(tf.zeros([2, 1]), aggregation=tf.VariableAggregation.SUM)
            self.offset = tf.Variable([0.0], aggregation=tf.VariableAggregation.SUM)

    def errors(self, x, y):
        return tf.square(x @ self.slopes + self.offset - y) / ROWS

    def learn(self, x, y, size):
        with tf.GradientTape() as tape:
            loss = tf.reduce_sum(self.errors(x, y))
        variables = [self.slopes, self.offset]
        for variable, gradient in zip(variables, tape.gradient(loss, variables)):
            variable.assign_sub(size * gradient)


def table():
    rng = np.random.default_rng(11)
    x = rng.normal(size=(ROWS, 2)).astype("float32")
    return x, x @ np.array([[1.5], [-0.5]], dtype="float32") + 0.25


x, y = table()
data = tf.data.Dataset.from_tensor_slices((x, y)).batch(ROWS)
for size in (0.05, 0.1, 0.2, 0.4, 0.8):
    line = Line()
    for batch in strategy.experimental_distribute_dataset(data):
        strategy.run(line.learn, args=(*batch, size))
    print(size, f"{float(tf.reduce_sum(line.errors(x, y))):.4f}")
