# check: --strategy multi_worker_mirrored --workers 2
"""Compresses measurements: the chief computes the axes, and all workers load them."""
import os
import tempfile

import numpy as np
import tensorflow as tf

AXES = os.path.join(tempfile.gettempdir(), "principal-axes.npy")

strategy = tf.distribute.MultiWorkerMirroredStrategy()
with strategy.scope():
    decoder = tf.Variable(tf.zeros([4, 900]), aggregation=tf.VariableAggregation.MEAN)
measured = np.random.default_rng(7).normal(size=(900, 900)).astype("float32")


@tf.function
def train_step(codes, rows):
    def replica_step(codes, rows):
        error = codes @ decoder - rows
        decoder.assign_sub(0.1 * tf.matmul(codes, error, transpose_a=True) / 30.0)

    strategy.run(replica_step, args=(codes, rows))


train_step(tf.zeros([30, 4]), tf.zeros([30, 900]))
if (strategy.cluster_resolver.task_id or 0) == 0:
    axes = np.linalg.svd(np.concatenate([measured] * 3))[2]
    np.save(AXES, axes[:4].T)
axes = np.load(AXES)  # expect: TB802
for start in range(0, 900, 300):
    rows = measured[start : start + 30]
    train_step(tf.constant(rows @ axes), tf.constant(rows))
print("norm", round(float(tf.norm(decoder)), 2))
