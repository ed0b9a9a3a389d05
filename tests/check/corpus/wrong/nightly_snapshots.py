# check: --strategy multi_worker_mirrored --workers 2
"""Follows the level of a river, and keeps the last snapshots of the model."""
import os
import tempfile

import numpy as np
import tensorflow as tf

SNAPSHOTS = os.path.join(tempfile.gettempdir(), "river-snapshots")

strategy = tf.distribute.MultiWorkerMirroredStrategy()
with strategy.scope():
    level = tf.Variable(0.0, aggregation=tf.VariableAggregation.MEAN)
checkpoint = tf.train.Checkpoint(level=level)
manager = tf.train.CheckpointManager(checkpoint, SNAPSHOTS, max_to_keep=3)

measured = np.linspace(1.0, 2.0, 32, dtype="float32")


@tf.function
def follow(batch):
    strategy.run(lambda: level.assign_sub(0.1 * (level - tf.reduce_mean(batch))))


for night in measured.reshape(4, 8):
    follow(tf.constant(night))
    manager.save()  # expect: TB801
print(f"level {level.numpy():.3f}")
