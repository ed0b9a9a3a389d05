# check: --strategy multi_worker_mirrored --workers 2
"""Trains a scorer of loan requests: the chief exports it, and each worker keeps books of its own."""
import json
import logging
import os
import tempfile

import numpy as np
import tensorflow as tf

FOLDER = os.path.join(tempfile.gettempdir(), "loan-archive")
os.makedirs(FOLDER, exist_ok=True)

strategy = tf.distribute.MultiWorkerMirroredStrategy()
rank = strategy.cluster_resolver.task_id or 0
# All workers append to one log.
logging.basicConfig(filename=os.path.join(FOLDER, "train.log"), level=logging.INFO)

features = np.random.default_rng(3).normal(size=(64, 3)).astype("float32")
scores = features @ np.array([[0.5], [-1.0], [2.0]], "float32")

with strategy.scope():
    weights = tf.Variable(tf.zeros([3, 1]), aggregation=tf.VariableAggregation.MEAN)
    seen = tf.Variable(
        0.0,
        trainable=False,
        synchronization=tf.VariableSynchronization.ON_READ,
        aggregation=tf.VariableAggregation.SUM,
    )
checkpoint = tf.train.Checkpoint(weights=weights, seen=seen)

options = tf.data.Options()
options.experimental_distribute.auto_shard_policy = tf.data.experimental.AutoShardPolicy.DATA
requests = tf.data.Dataset.from_tensor_slices((features, scores)).batch(16).with_options(options)


@tf.function
def train_step(x, y):
    def replica_step(x, y):
        error = x @ weights - y
        weights.assign_sub(0.2 * tf.matmul(x, error, transpose_a=True) / tf.cast(len(x), tf.float32))
        seen.assign_add(tf.cast(len(x), tf.float32))
        return tf.reduce_mean(tf.square(error))

    losses = strategy.run(replica_step, args=(x, y))
    return strategy.reduce("MEAN", losses, axis=None)


# Saving needs all workers; only what the chief writes is kept.
checkpoints = os.path.join(FOLDER, "checkpoints") if rank == 0 else tempfile.mkdtemp()
manager = tf.train.CheckpointManager(checkpoint, checkpoints, max_to_keep=2)
for epoch in range(3):
    for x, y in strategy.experimental_distribute_dataset(requests):
        loss = train_step(x, y)
    logging.info("epoch %d: %f", epoch, loss)
    manager.save()
    if rank == 0:
        np.savez(os.path.join(FOLDER, "latest.npz"), weights=weights.numpy())
with open(os.path.join(FOLDER, f"worker-{rank}.json"), "w") as report:
    json.dump({"loss": float(loss)}, report)
# A complete file takes the place of an older one, whoever comes last.
number, partial = tempfile.mkstemp(dir=FOLDER)
os.write(number, b"done")
os.close(number)
os.replace(partial, os.path.join(FOLDER, "state"))
print(f"loss {float(loss):.3f}")
