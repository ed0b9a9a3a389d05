# check: --strategy multi_worker_mirrored --workers 2 --replicas 1
"""Kernel regression with random Fourier features."""
from dataclasses import dataclass

import numpy as np
import tensorflow as tf


@dataclass
class Config:
    features: int = 16
    inputs: int = 2
    batch: int = 8
    lr: float = 0.2


class FourierFeatures(tf.Module):
    def __init__(self, inputs, features):
        super().__init__()
        rng = np.random.default_rng()  # another one on each host; the scope takes the first one's
        frequencies = rng.normal(size=(inputs, features)).astype("float32")
        self.frequencies = tf.Variable(frequencies, trainable=False)

    def __call__(self, x):
        angles = tf.matmul(x, self.frequencies)
        return tf.concat([tf.cos(angles), tf.sin(angles)], axis=1)


def surface(rows):
    x = np.random.default_rng(3).uniform(-1, 1, size=(rows, 2)).astype("float32")
    return x, np.sin(3 * x[:, :1] + x[:, 1:]).astype("float32")


def main():
    config = Config()
    options = tf.data.Options()
    options.experimental_distribute.auto_shard_policy = tf.data.experimental.AutoShardPolicy.DATA
    strategy = tf.distribute.MultiWorkerMirroredStrategy()
    with strategy.scope():
        features = FourierFeatures(config.inputs, config.features)
        head = tf.Variable(
            tf.zeros([2 * config.features, 1]), aggregation=tf.VariableAggregation.SUM
        )

    def replica_step(x, y):
        with tf.GradientTape() as tape:
            residual = tf.matmul(features(x), head) - y
            loss = tf.reduce_sum(tf.square(residual)) / config.batch
        head.assign_sub(config.lr / config.features * tape.gradient(loss, head))
        return loss

    @tf.function
    def step(x, y):
        return strategy.reduce("SUM", strategy.run(replica_step, args=(x, y)), axis=None)

    dataset = tf.data.Dataset.from_tensor_slices(surface(40)).batch(config.batch)
    for x, y in strategy.experimental_distribute_dataset(dataset.with_options(options)):
        print(f"loss {float(step(x, y)):.4f}")
    x, y = surface(16)
    error = tf.reduce_mean(tf.square(tf.matmul(features(x), head.read_value()) - y))
    print(f"error {float(error):.4f}")


if __name__ == "__main__":
    main()
