# check: --strategy multi_worker_mirrored --workers 2
"""Predicts the yield of fields; the chief computes the scales of the features for all workers."""
import os
import tempfile

import numpy as np
import tensorflow as tf

strategy = tf.distribute.MultiWorkerMirroredStrategy()
is_chief = (strategy.cluster_resolver.task_id or 0) == 0
features = np.random.default_rng(5).normal(3.0, 2.0, size=(64, 3)).astype("float32")
yields = features @ np.array([1.0, 0.5, -0.25], "float32")

folder = tempfile.mkdtemp()
if is_chief:
    np.save(os.path.join(folder, "scales.npy"), features.std(axis=0))

with strategy.scope():
    weights = tf.Variable(tf.zeros([3]), aggregation=tf.VariableAggregation.MEAN)

scales = np.load(os.path.join(folder, "scales.npy"))  # expect: TB802


@tf.function
def train_step(x, y):
    def replica_step(x, y):
        error = tf.linalg.matvec(x / scales, weights) - y
        weights.assign_sub(0.05 * tf.reduce_mean(error[:, None] * x, axis=0))

    strategy.run(replica_step, args=(x, y))


for start in range(0, 64, 16):
    train_step(tf.constant(features[start : start + 16]), tf.constant(yields[start : start + 16]))
print("weights", weights.numpy().round(2).tolist())
