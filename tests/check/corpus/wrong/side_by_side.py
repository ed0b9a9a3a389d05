# check: --strategy mirrored --replicas 2
"""Prepares two line fits side by side, each in a thread of a pool, and counts their steps."""
from concurrent.futures import ThreadPoolExecutor

import tensorflow as tf


class Fit:
    def __init__(self, rate):
        self.rate = rate
        self.slope = tf.Variable(0.0, aggregation=tf.VariableAggregation.MEAN)
        self.steps = tf.Variable(0.0, aggregation=tf.VariableAggregation.MEAN)

    def step(self, x, y):
        error = self.slope.read_value() * x - y
        self.slope.assign_sub(self.rate * tf.reduce_mean(error * x))
        self.steps.assign_add(1.0)


strategy = tf.distribute.MirroredStrategy()
with strategy.scope(), ThreadPoolExecutor(2) as pool:  # expect: TB110
    fits = list(pool.map(Fit, [0.1, 0.02]))

x = tf.linspace(-1.0, 1.0, 32)
data = tf.data.Dataset.from_tensor_slices((x, 3.0 * x)).batch(8)


@tf.function
def train_step(x, y):
    for fit in fits:
        strategy.run(fit.step, args=(x, y))


for x, y in strategy.experimental_distribute_dataset(data):
    train_step(x, y)
for fit in fits:
    print(f"rate {fit.rate}: slope {fit.slope.numpy():.4f} after {fit.steps.numpy():.0f} steps")
