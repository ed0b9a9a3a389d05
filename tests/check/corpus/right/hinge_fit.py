# check: --strategy mirrored --replicas 2
"""Ranks pairs, divides its loss itself, and takes several steps an execution, tf_keras fit."""
import os

os.environ["TF_USE_LEGACY_KERAS"] = "1"

import numpy as np
import tensorflow as tf


class PairRanker(tf.keras.Model):
    def __init__(self):
        super().__init__()
        self.score = tf.keras.layers.Dense(1, kernel_initializer="zeros", use_bias=False)

    def call(self, x):
        return self.score(x)

    def train_step(self, data):
        better, worse = data
        with tf.GradientTape() as tape:
            gap = self(better, training=True) - self(worse, training=True)
            mean = tf.reduce_mean(tf.nn.softplus(-gap))
            loss = mean / self.distribute_strategy.num_replicas_in_sync
        self.optimizer.minimize(loss, self.trainable_variables, tape=tape)
        return {"loss": mean}


def pairs(rows=128, batch=16):
    rng = np.random.default_rng(43)
    worse = rng.normal(size=(rows, 3)).astype("float32")
    better = worse + np.array([0.5, 0.2, -0.1], "float32")
    return tf.data.Dataset.from_tensor_slices((better, worse)).batch(batch)


strategy = tf.distribute.MirroredStrategy()
with strategy.scope():
    model = PairRanker()
    model.build((None, 3))
    model.compile(optimizer=tf.keras.optimizers.SGD(0.1), steps_per_execution=4)
model.fit(pairs(), epochs=2, verbose=0)
print("score", model.get_weights()[0].ravel().round(4))
