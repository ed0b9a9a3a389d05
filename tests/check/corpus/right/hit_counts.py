# check: --strategy mirrored --replicas 2
"""Keras 3 fit with a metric of one's own: the share of labels that are hit so far."""
import keras
import numpy as np
import tensorflow as tf


class HitCounts(keras.metrics.Metric):
    def __init__(self, name="hit_rate"):
        super().__init__(name=name)
        self.hits = self.add_weight(name="hits", initializer="zeros")
        self.labels = self.add_weight(name="labels", initializer="zeros")

    def update_state(self, labels, guesses, sample_weight=None):
        hit = tf.cast(tf.equal(labels > 0.5, guesses > 0.5), "float32")
        self.hits.assign_add(tf.reduce_sum(hit))
        self.labels.assign_add(tf.cast(tf.size(hit), "float32"))

    def result(self):
        return self.hits / self.labels


x = np.random.default_rng(6).normal(size=(64, 3)).astype("float32")
y = (x[:, :1] > 0).astype("float32")

strategy = tf.distribute.MirroredStrategy()
with strategy.scope():
    start = keras.initializers.Constant(0.1)
    dense = keras.layers.Dense(1, activation="sigmoid", kernel_initializer=start)
    model = keras.Sequential([keras.Input((3,)), dense])
    model.compile(optimizer="sgd", loss="binary_crossentropy", metrics=[HitCounts()])

history = model.fit(x, y, batch_size=16, epochs=2, shuffle=False, verbose=0).history
print("hit rate", round(float(history["hit_rate"][-1]), 3))
