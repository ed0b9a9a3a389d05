# check: --strategy multi_worker_mirrored --workers 2 --replicas 1
"""Trains two variants of a model; the chief also keeps a record of the best scores."""
import numpy as np
import tensorflow as tf

BATCH = 4


def is_chief(resolver):
    return resolver.task_type in (None, "chief") or resolver.task_id == 0


class Variant:
    def __init__(self, name, start):
        self.gain = tf.Variable(start, aggregation=tf.VariableAggregation.SUM, name=f"{name}_gain")
        self.bias = tf.Variable(-start, aggregation=tf.VariableAggregation.SUM, name=f"{name}_bias")

    def __call__(self, x):
        return self.gain * x + self.bias


class Record:
    def __init__(self):
        self.score = tf.Variable(99.0, trainable=False, name="best_score")  # expect: TB106


strategy = tf.distribute.MultiWorkerMirroredStrategy()
with strategy.scope():
    a = Variant("a", 0.5)
    record = Record() if is_chief(strategy.cluster_resolver) else None
    b = Variant("b", 2.0)
    if record is None:
        heartbeat = tf.Variable(0.0, trainable=False, name="heartbeat")


def replica_step(x, y):
    losses = []
    for variant in (a, b):
        with tf.GradientTape() as tape:
            loss = tf.reduce_sum(tf.square(variant(x) - y)) / BATCH
        d_gain, d_bias = tape.gradient(loss, [variant.gain, variant.bias])
        variant.gain.assign_sub(0.1 * d_gain)
        variant.bias.assign_sub(0.1 * d_bias)
        losses.append(loss)
    return tf.stack(losses)


@tf.function
def train_step(x, y):
    return strategy.reduce("SUM", strategy.run(replica_step, args=(x, y)), axis=None)


def main():
    x = np.linspace(-1, 1, 5 * BATCH).astype("float32")
    dataset = tf.data.Dataset.from_tensor_slices((x, 1.5 * x - 1)).shuffle(20, seed=1).batch(BATCH)
    options = tf.data.Options()
    options.experimental_distribute.auto_shard_policy = tf.data.experimental.AutoShardPolicy.DATA
    for x, y in strategy.experimental_distribute_dataset(dataset.with_options(options)):
        losses = train_step(x, y).numpy()
        print("losses", losses.round(4))
    for name, variant in (("a", a), ("b", b)):
        print(name, variant.gain.numpy(), variant.bias.numpy())
    if record is not None:
        print("best before this run", record.score.numpy())


main()
