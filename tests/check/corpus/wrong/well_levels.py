# check: --strategy multi_worker_mirrored --workers 2 --replicas 1
"""A line through the levels of wells, tf_keras layer for scale. Each worker scales by its own wells."""

import os

os.environ["TF_USE_LEGACY_KERAS"] = "1"

import numpy as np
import tensorflow as tf

strategy = tf.distribute.MultiWorkerMirroredStrategy()
workers = strategy.num_replicas_in_sync
worker = strategy.cluster_resolver.task_id or 0

depths = np.linspace(5.0, 80.0, 16, dtype=np.float32).reshape(16, 1)
levels = 0.4 * depths[:, 0] + 3.0
part = slice(16 * worker // workers, 16 * (worker + 1) // workers)

scale = tf.keras.layers.Normalization()
scale.adapt(depths[part])  # expect: TB707
rows = tf.data.Dataset.from_tensor_slices((scale(depths[part]), levels[part])).batch(4)

with strategy.scope():
    slope = tf.Variable(0.0)
    offset = tf.Variable(0.0)


def step(x, y):
    with tf.GradientTape() as tape:
        loss = tf.reduce_mean((slope * x[:, 0] + offset - y) ** 2) / workers
    gradients = tape.gradient(loss, [slope, offset])
    gradients = tf.distribute.get_replica_context().all_reduce("SUM", gradients)
    for variable, gradient in zip((slope, offset), gradients):
        variable.assign_sub(0.1 * gradient)
    return loss


@tf.function
def train(batch):
    return strategy.reduce("SUM", strategy.run(step, args=batch), axis=None)


for batch in strategy.distribute_datasets_from_function(lambda context: rows):
    print(f"loss {train(batch):.3f}")
