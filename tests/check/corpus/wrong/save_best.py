# check: --strategy multi_worker_mirrored --workers 2 --replicas 1 --timeout 20
"""Trains, and lets the chief save the weights together with the number of rows seen."""
import os
import tempfile

import numpy as np
import tensorflow as tf

BATCH = 8

strategy = tf.distribute.MultiWorkerMirroredStrategy()
resolver = strategy.cluster_resolver
chief = (resolver.task_id or 0) == 0

with strategy.scope():
    w = tf.Variable(tf.zeros([2]), aggregation=tf.VariableAggregation.SUM, name="w")
    rows = tf.Variable(
        0.0,
        trainable=False,
        synchronization=tf.VariableSynchronization.ON_READ,
        aggregation=tf.VariableAggregation.SUM,
        name="rows",
    )
checkpoint = tf.train.Checkpoint(w=w, rows=rows)


def replica_step(x, y):
    with tf.GradientTape() as tape:
        loss = tf.reduce_sum(tf.square(tf.linalg.matvec(x, w) - y)) / BATCH
    w.assign_sub(0.2 * tape.gradient(loss, w))
    rows.assign_add(tf.cast(tf.shape(x)[0], tf.float32))
    return loss


@tf.function
def train_step(x, y):
    return strategy.reduce("SUM", strategy.run(replica_step, args=(x, y)), axis=None)


def save(folder):
    path = checkpoint.write(os.path.join(folder, "best"))  # expect: TB401
    print("saved", os.path.basename(path))


def main():
    x = np.random.default_rng(26).normal(size=(32, 2)).astype("float32")
    options = tf.data.Options()
    options.experimental_distribute.auto_shard_policy = tf.data.experimental.AutoShardPolicy.DATA
    dataset = tf.data.Dataset.from_tensor_slices((x, x[:, 0])).batch(BATCH).with_options(options)
    for batch in strategy.experimental_distribute_dataset(dataset):
        print("loss", float(train_step(*batch)))
    if chief:
        with tempfile.TemporaryDirectory() as folder:
            save(folder)


if __name__ == "__main__":
    main()
