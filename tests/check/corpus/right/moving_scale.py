# check: --strategy multi_worker_mirrored --workers 2 --replicas 1
"""Regression on counts whose scale is followed by a moving mean."""
from dataclasses import dataclass

import numpy as np
import tensorflow as tf


@dataclass(frozen=True)
class Settings:
    batch: int = 8
    rows: int = 40
    lr: float = 0.3
    decay: float = 0.7


class Model(tf.Module):
    def __init__(self, settings):
        super().__init__()
        self.settings = settings
        self.w = tf.Variable(0.0, aggregation=tf.VariableAggregation.SUM, name="w")
        self.scale = tf.Variable(
            1.0, trainable=False, aggregation=tf.VariableAggregation.MEAN, name="scale"
        )
        self.updates = tf.Variable(
            0,
            trainable=False,
            aggregation=tf.VariableAggregation.ONLY_FIRST_REPLICA,
            name="updates",
        )

    def normalized(self, x):
        largest = tf.reduce_max(tf.abs(x))
        decay = self.settings.decay
        self.scale.assign(decay * self.scale + (1 - decay) * largest)
        self.updates.assign_add(1)
        return x / self.scale


settings = Settings()
strategy = tf.distribute.MultiWorkerMirroredStrategy()
with strategy.scope():
    model = Model(settings)


def replica_step(x, y):
    x = model.normalized(x)
    with tf.GradientTape() as tape:
        loss = tf.reduce_sum(tf.square(model.w * x - y)) / settings.batch
    model.w.assign_sub(settings.lr * tape.gradient(loss, model.w))
    return loss


@tf.function
def step(x, y):
    losses = strategy.run(replica_step, args=(x, y))
    return strategy.reduce(tf.distribute.ReduceOp.SUM, losses, axis=None)


counts = np.random.default_rng(6).poisson(20, size=settings.rows).astype("float32")
dataset = tf.data.Dataset.from_tensor_slices((counts, counts / 25)).batch(settings.batch)
options = tf.data.Options()
options.experimental_distribute.auto_shard_policy = tf.data.experimental.AutoShardPolicy.DATA
for x, y in strategy.experimental_distribute_dataset(dataset.with_options(options)):
    print("loss", float(step(x, y)))
print("w", model.w.numpy(), "scale", model.scale.numpy(), "updates", model.updates.numpy())
