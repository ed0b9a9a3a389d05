# check: --strategy mirrored --replicas 2
"""Finds defective parts by a threshold, eagerly; a metric sums what can be summed."""
import os

os.environ["TF_USE_LEGACY_KERAS"] = "1"
import numpy as np
import tensorflow as tf

BATCH = 16


class DefectCounts(tf.keras.metrics.Metric):
    def __init__(self, name="defects"):
        super().__init__(name=name)
        for each in ("found", "reported", "real", "last", "any_missed"):
            setattr(self, each, self.add_weight(name=each, initializer="zeros"))

    def update_state(self, defective, size, sample_weight=None):
        reported = tf.cast(size > 0.6, tf.float32)
        self.found.assign_add(tf.reduce_sum(reported * defective))
        self.reported.assign(self.reported + tf.reduce_sum(reported))
        self.real.assign_add(tf.reduce_sum(defective))
        # The shares of the replicas add up to the share of the whole batch.
        self.last.assign(tf.reduce_sum(defective) / BATCH)
        # Read as the number of replicas that have missed any.
        missed = tf.cast(tf.logical_and(size <= 0.6, defective > 0.5), tf.float32)
        self.any_missed.assign(tf.maximum(self.any_missed, tf.reduce_max(missed)))

    def result(self):
        both = self.reported + self.real
        score = tf.where(both > 0.0, 2.0 * self.found / both, 0.0)
        return tf.stack([score, self.last, tf.cast(self.any_missed > 0.0, tf.float32)])

    def reset_state(self):
        for weight in self.variables:
            weight.assign(0.0)


def main():
    rng = np.random.default_rng(5)
    size = rng.uniform(size=96).astype("float32")
    defective = (size + 0.2 * rng.normal(size=96) > 0.5).astype("float32")

    strategy = tf.distribute.MirroredStrategy()
    with strategy.scope():
        counts = DefectCounts()
    data = tf.data.Dataset.from_tensor_slices((defective, size)).batch(BATCH)
    for epoch in range(2):
        for batch in strategy.experimental_distribute_dataset(data):
            strategy.run(counts.update_state, args=batch)
        score, last, missed = counts.result().numpy()
        print(f"epoch {epoch}: F1 {score:.3f}, defective in the end {last:.3f}, any missed {missed:.0f}")
        counts.reset_state()


if __name__ == "__main__":
    main()
