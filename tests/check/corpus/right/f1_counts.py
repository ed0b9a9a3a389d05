# check: --strategy mirrored --replicas 2
"""Validates a detector with an F1 score of counts, tf_keras."""
import os

os.environ["TF_USE_LEGACY_KERAS"] = "1"

import numpy as np
import tensorflow as tf


class F1(tf.keras.metrics.Metric):
    def __init__(self, name="f1"):
        super().__init__(name=name)
        self.hits = self.add_weight(name="hits", initializer="zeros")
        self.marked = self.add_weight(name="marked", initializer="zeros")

    def update_state(self, labels, guesses, sample_weight=None):
        labels, guesses = tf.cast(labels, tf.float32), tf.cast(guesses, tf.float32)
        self.hits.assign_add(tf.reduce_sum(labels * guesses))
        self.marked.assign_add(tf.reduce_sum(guesses) + tf.reduce_sum(labels))

    def result(self):
        return 2.0 * self.hits / self.marked


rng = np.random.default_rng(73)
x = rng.normal(size=(128, 3)).astype("float32")
y = (x[:, 0] + 0.3 * rng.normal(size=128) > 0).astype("int32")

strategy = tf.distribute.MirroredStrategy()
with strategy.scope():
    f1 = F1()


@tf.function
def validate(x, y):
    strategy.run(lambda x, y: f1.update_state(y, x[:, 0] > 0), args=(x, y))


data = tf.data.Dataset.from_tensor_slices((x, y)).batch(32)
for batch in strategy.experimental_distribute_dataset(data):
    validate(*batch)
print("F1", round(float(f1.result()), 4))
