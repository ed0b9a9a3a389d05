# check: --strategy mirrored --replicas 2
"""Trains for a second and logs the loss by the clock."""
import time

import keras
import numpy as np
import tensorflow as tf

BATCH, SECONDS = 16, 1.0

strategy = tf.distribute.MirroredStrategy()
with strategy.scope():
    weights = tf.Variable(tf.zeros([3, 1]))
    optimizer = keras.optimizers.SGD(0.01)
    optimizer.build([weights])


def replica_step(x, y):
    with tf.GradientTape() as tape:
        loss = tf.reduce_sum(tf.square(tf.matmul(x, weights) - y)) / BATCH
    optimizer.apply_gradients([(tape.gradient(loss, weights), weights)])
    return loss


@tf.function
def train_step(x, y):
    return strategy.reduce("SUM", strategy.run(replica_step, args=(x, y)), axis=None)


rng = np.random.default_rng(112)
x = rng.normal(size=(64, 3)).astype("float32")
data = tf.data.Dataset.from_tensor_slices((x, x[:, :1])).batch(BATCH).repeat()
started, logged = time.monotonic(), 0.0
for batch in strategy.experimental_distribute_dataset(data):
    loss = train_step(*batch)
    elapsed = time.monotonic() - started
    if elapsed > logged + 0.2:
        logged = elapsed
        print(f"{elapsed:.1f} s: {float(loss):.4f}")
    if elapsed > SECONDS:
        break
