# check: --strategy multi_worker_mirrored --workers 2
"""Trains a scorer of loan requests, and exports its weights for the service after each epoch."""
import os
import tempfile

import numpy as np
import tensorflow as tf

EXPORT = os.path.join(tempfile.gettempdir(), "loan-scores")

strategy = tf.distribute.MultiWorkerMirroredStrategy()
features = np.random.default_rng(3).normal(size=(64, 3)).astype("float32")
scores = features @ np.array([[0.5], [-1.0], [2.0]], "float32")

with strategy.scope():
    weights = tf.Variable(tf.zeros([3, 1]), aggregation=tf.VariableAggregation.MEAN)

options = tf.data.Options()
options.experimental_distribute.auto_shard_policy = tf.data.experimental.AutoShardPolicy.DATA
requests = tf.data.Dataset.from_tensor_slices((features, scores)).batch(16).with_options(options)


@tf.function
def train_step(x, y):
    def replica_step(x, y):
        error = x @ weights - y
        weights.assign_sub(0.2 * tf.matmul(x, error, transpose_a=True) / tf.cast(len(x), tf.float32))
        return tf.reduce_mean(tf.square(error))

    losses = strategy.run(replica_step, args=(x, y))
    return strategy.reduce("MEAN", losses, axis=None)


def export(epoch):
    os.makedirs(EXPORT, exist_ok=True)
    np.savez(os.path.join(EXPORT, f"epoch-{epoch}.npz"), weights=weights.numpy())  # expect: TB801


for epoch in range(3):
    for x, y in strategy.experimental_distribute_dataset(requests):
        loss = train_step(x, y)
    export(epoch)
print(f"loss {float(loss):.3f}")
