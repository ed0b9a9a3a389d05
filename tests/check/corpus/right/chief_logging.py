# check: --strategy multi_worker_mirrored --workers 2 --replicas 1
"""Ridge regression; only the chief logs and keeps a record."""
import json
import os
import tempfile

import numpy as np
import tensorflow as tf

BATCH, RIDGE = 8, 0.01


class Record:
    """What the chief writes down; a variable so that it could be saved."""

    def __init__(self):
        self.best = tf.Variable(np.inf, dtype=tf.float32, trainable=False)
        self.lines = []

    def add(self, step, loss, norm):
        self.best.assign(min(float(self.best), loss))
        self.lines.append({"step": step, "loss": loss, "norm": norm})

    def write(self, folder):
        path = os.path.join(folder, "log.json")
        with open(path, "w") as file:
            json.dump(self.lines, file)
        return os.path.getsize(path) > 0


def main():
    strategy = tf.distribute.MultiWorkerMirroredStrategy()
    chief = (strategy.cluster_resolver.task_id or 0) == 0
    record = Record() if chief else None
    with strategy.scope():
        w = tf.Variable(tf.zeros([3]), aggregation=tf.VariableAggregation.SUM)

    def replica_step(x, y):
        with tf.GradientTape() as tape:
            loss = tf.reduce_sum(tf.square(tf.linalg.matvec(x, w) - y)) / BATCH
            loss += RIDGE * tf.reduce_sum(tf.square(w)) / strategy.num_replicas_in_sync
        gradient = tape.gradient(loss, w)
        w.assign_sub(0.1 * gradient)
        return loss, tf.norm(gradient)

    @tf.function
    def step(x, y):
        loss, norm = strategy.run(replica_step, args=(x, y))
        return strategy.reduce("SUM", loss, axis=None), strategy.reduce("MEAN", norm, axis=None)

    x = np.random.default_rng(49).normal(size=(40, 3)).astype("float32")
    options = tf.data.Options()
    options.experimental_distribute.auto_shard_policy = tf.data.experimental.AutoShardPolicy.DATA
    dataset = tf.data.Dataset.from_tensor_slices((x, x[:, 0] - x[:, 2])).batch(BATCH)
    for number, batch in enumerate(
        strategy.experimental_distribute_dataset(dataset.with_options(options))
    ):
        loss, norm = step(*batch)
        if chief:
            record.add(number, float(loss), float(norm))
            print(f"{number}: loss {float(loss):.4f}, gradient norm {float(norm):.4f}")
    if chief:
        with tempfile.TemporaryDirectory() as folder:
            print("written", record.write(folder), "best", float(record.best), "w", w.numpy())


if __name__ == "__main__":
    main()
