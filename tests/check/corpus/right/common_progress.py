# check: --strategy multi_worker_mirrored --workers 2 --replicas 1
"""Fits a plane; in the middle of the training every worker reads how many rows were used."""
import numpy as np
import tensorflow as tf

BATCH = 8

strategy = tf.distribute.MultiWorkerMirroredStrategy()
chief = (strategy.cluster_resolver.task_id or 0) == 0

with strategy.scope():
    plane = tf.Variable(tf.zeros([2]), aggregation=tf.VariableAggregation.SUM, name="plane")
    rows = tf.Variable(
        0,
        dtype=tf.int64,
        trainable=False,
        synchronization=tf.VariableSynchronization.ON_READ,
        aggregation=tf.VariableAggregation.SUM,
        name="rows",
    )


def replica_step(x, y):
    error = tf.linalg.matvec(x, plane) - y
    plane.assign_sub(tf.linalg.matvec(x, error, transpose_a=True) / BATCH)
    rows.assign_add(tf.size(y, out_type=tf.int64))


@tf.function
def train_step(x, y):
    strategy.run(replica_step, args=(x, y))


x = np.random.default_rng(4).normal(size=(64, 2)).astype("float32")
options = tf.data.Options()
options.experimental_distribute.auto_shard_policy = tf.data.experimental.AutoShardPolicy.DATA
dataset = tf.data.Dataset.from_tensor_slices((x, x[:, 0])).batch(BATCH).with_options(options)
for number, batch in enumerate(strategy.experimental_distribute_dataset(dataset)):
    train_step(*batch)
    if number == 3:
        used = int(rows.numpy())
        if chief:
            print("rows so far", used)
print("plane", plane.numpy().round(3).tolist())
