# check: --strategy mirrored --replicas 2
"""Codes of signals with a penalty on activity through add_loss, tf_keras."""
import os

os.environ["TF_USE_LEGACY_KERAS"] = "1"

import numpy as np
import tensorflow as tf

keras = tf.keras
BATCH = 16


class Activity(keras.layers.Layer):
    def call(self, codes):
        self.add_loss(0.5 * tf.reduce_mean(tf.abs(codes)))
        return codes


class Coder:
    def __init__(self, strategy):
        self.strategy = strategy
        with strategy.scope():
            self.model = keras.Sequential(
                [keras.layers.Dense(4, input_shape=(6,)), Activity(), keras.layers.Dense(6)]
            )
            self.optimizer = keras.optimizers.SGD(0.2, momentum=0.5)

    def replica_step(self, x):
        with tf.GradientTape() as tape:
            errors = tf.reduce_mean(tf.square(self.model(x, training=True) - x), axis=1)
            fit = tf.nn.compute_average_loss(errors, global_batch_size=BATCH)  # expect: TB903
            loss = tf.add_n([fit, *self.model.losses])
        self.optimizer.minimize(loss, self.model.trainable_variables, tape=tape)
        return fit

    @tf.function
    def step(self, x):
        return self.strategy.reduce(
            "SUM", self.strategy.run(self.replica_step, args=(x,)), axis=None
        )


keras.utils.set_random_seed(83)
signals = np.random.default_rng(83).normal(size=(80, 6)).astype("float32")
coder = Coder(tf.distribute.MirroredStrategy())
data = tf.data.Dataset.from_tensor_slices(signals).batch(BATCH)
for x in coder.strategy.experimental_distribute_dataset(data):
    print("error", round(float(coder.step(x)), 4))
print("codes", round(float(np.abs(coder.model.get_weights()[0]).sum()), 4))
