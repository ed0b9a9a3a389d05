# check: --strategy multi_worker_mirrored --workers 2 --replicas 1
"""Continues a training from a checkpoint, which every worker reads; the chief saves."""
import os
import tempfile

import numpy as np
import tensorflow as tf

BATCH = 8


def checkpoint_of_last_week(folder):
    """What an earlier run has left."""
    before = tf.train.Checkpoint(weights=tf.Variable([0.5, -1.0, 2.0]))
    return before.write(os.path.join(folder, "last_week"))


class Trainer:
    def __init__(self, strategy):
        self.strategy = strategy
        with strategy.scope():
            self.weights = tf.Variable(
                tf.zeros([3]), aggregation=tf.VariableAggregation.SUM, name="weights"
            )
        self.checkpoint = tf.train.Checkpoint(weights=self.weights)

    @property
    def chief(self):
        return (self.strategy.cluster_resolver.task_id or 0) == 0

    def resume(self, path):
        self.checkpoint.restore(path).expect_partial()
        if self.chief:
            print("restored", self.weights.numpy())

    def replica_step(self, x, y):
        with tf.GradientTape() as tape:
            loss = tf.reduce_sum(tf.square(tf.linalg.matvec(x, self.weights) - y)) / BATCH
        self.weights.assign_sub(0.1 * tape.gradient(loss, self.weights))
        return loss

    @tf.function
    def step(self, x, y):
        losses = self.strategy.run(self.replica_step, args=(x, y))
        return self.strategy.reduce("SUM", losses, axis=None)


def main():
    trainer = Trainer(tf.distribute.MultiWorkerMirroredStrategy())
    x = np.random.default_rng(9).normal(size=(32, 3)).astype("float32")
    y = x @ np.array([1.0, -1.0, 1.0], dtype="float32")
    options = tf.data.Options()
    options.experimental_distribute.auto_shard_policy = tf.data.experimental.AutoShardPolicy.DATA
    dataset = tf.data.Dataset.from_tensor_slices((x, y)).batch(BATCH).with_options(options)
    with tempfile.TemporaryDirectory() as folder:
        trainer.resume(checkpoint_of_last_week(folder))
        for x, y in trainer.strategy.experimental_distribute_dataset(dataset):
            print("loss", float(trainer.step(x, y)))
        if trainer.chief:
            print("saved", os.path.basename(trainer.checkpoint.save(os.path.join(folder, "new"))))
    print("weights", trainer.weights.numpy())


if __name__ == "__main__":
    main()
