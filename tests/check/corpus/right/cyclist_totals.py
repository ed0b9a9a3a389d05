# check: --strategy mirrored --replicas 2
"""Counts of cyclists by the weather, on a few days of one season; a short last batch counts by its days."""

import keras
import numpy as np
import tensorflow as tf

BATCH = 8

strategy = tf.distribute.MirroredStrategy()
with strategy.scope():
    weights = tf.Variable(tf.zeros([3, 1]), name="weights")
    optimizer = keras.optimizers.SGD(0.05)
    optimizer.build([weights])


def days(count=17):
    rng = np.random.default_rng(311)
    weather = rng.normal(size=(count, 3)).astype("float32")
    return weather, 2.0 * weather[:, :1] - weather[:, 2:] + 0.5


@tf.function
def train(weather, cyclists):
    def step(weather, cyclists):
        with tf.GradientTape() as tape:
            squares = tf.square(weather @ weights - cyclists)
            loss = tf.reduce_sum(squares) / BATCH
        optimizer.apply_gradients([(tape.gradient(loss, weights), weights)])
        return tf.reduce_sum(squares)

    return strategy.reduce("SUM", strategy.run(step, args=(weather, cyclists)), axis=None)


data = tf.data.Dataset.from_tensor_slices(days()).batch(BATCH)
for batch in strategy.experimental_distribute_dataset(data):
    print("squares", round(float(train(*batch)), 3))
print("weights", weights.numpy().ravel().round(4))
