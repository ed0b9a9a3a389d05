# check: --strategy mirrored --replicas 2
"""Random features for a regression: drawn while the first step is traced, and then kept."""
import random

import numpy as np
import tensorflow as tf

PHASE = "train"
table = np.arange(6, dtype="float32").reshape(2, 3)
traces = 0
logged = []


class Features:
    def __init__(self, size):
        self.size = size
        self.frequencies = None
        self.offset = None

    def __call__(self, x):
        if self.frequencies is None:
            self.frequencies = np.random.normal(size=(x.shape[1], self.size)).astype("float32")
        return tf.cos(tf.matmul(x, self.frequencies) + self.offset)

    @tf.function
    def shifted(self, by):
        if self.offset is None:
            start = random.random()
            self.offset = tf.Variable(start, aggregation=tf.VariableAggregation.MEAN)
        return self.offset + by


strategy = tf.distribute.MirroredStrategy()
features = Features(20)
with strategy.scope():
    print([float(features.shifted(tf.constant(by))) for by in (0.0, 1.0)])
    weight = tf.Variable(tf.zeros([20]), aggregation=tf.VariableAggregation.MEAN)


def with_noise(loss):
    return np.float32(loss + 1e-3 * random.random())


def replica_step(x, y):
    with tf.GradientTape() as tape:
        error = tf.linalg.matvec(features(x), weight) - y
        loss = tf.reduce_mean(tf.square(error)) / table.shape[0]
    if PHASE == "train":
        weight.assign_sub(0.1 * tape.gradient(loss, weight))
    return tf.numpy_function(with_noise, [loss], tf.float32)


@tf.function
def step(x, y, name):
    global traces
    traces += 1
    logged.append(name)
    return strategy.reduce("mean", strategy.run(replica_step, args=(x, y)), axis=None)


if __name__ == "__main__":
    rng = np.random.default_rng(6)
    x = rng.uniform(-2, 2, size=(40, 2)).astype("float32")
    dataset = tf.data.Dataset.from_tensor_slices((x, np.sin(x[:, 0] * x[:, 1]))).batch(8)
    for epoch in range(3):
        for PHASE in ("train", "test"):
            for batch in strategy.experimental_distribute_dataset(dataset):
                loss = step(*batch, PHASE)
            print(f"epoch {epoch}: {PHASE} {float(loss):.3f}, traced {traces} times: {logged}")
        rng.shuffle(table)
