# check: --strategy mirrored --replicas 2
"""Finds defective parts by a threshold, eagerly; a metric keeps the F1 score and the worst miss."""
import os

os.environ["TF_USE_LEGACY_KERAS"] = "1"
import numpy as np
import tensorflow as tf

BATCH = 16


class DefectScores(tf.keras.metrics.Metric):
    def __init__(self, name="defects"):
        super().__init__(name=name)
        names = ("found", "reported", "real", "score", "worst")
        for each in names:
            setattr(self, each, self.add_weight(name=each, initializer="zeros"))

    def update_state(self, defective, size, sample_weight=None):
        reported = tf.cast(size > 0.6, tf.float32)
        self.found.assign_add(tf.reduce_sum(reported * defective))
        self.reported.assign_add(tf.reduce_sum(reported))
        self.real.assign_add(tf.reduce_sum(defective))
        both = self.reported + self.real
        self.score.assign(tf.where(both > 0.0, 2.0 * self.found / both, 0.0))  # expect: TB205
        missed = tf.reduce_max((1.0 - reported) * defective * size)
        self.worst.assign(tf.maximum(self.worst, missed))  # expect: TB205

    def result(self):
        return tf.stack([self.score, self.worst])

    def reset_state(self):
        for weight in self.variables:
            weight.assign(0.0)


def main():
    rng = np.random.default_rng(5)
    size = rng.uniform(size=96).astype("float32")
    defective = (size + 0.2 * rng.normal(size=96) > 0.5).astype("float32")

    strategy = tf.distribute.MirroredStrategy()
    with strategy.scope():
        scores = DefectScores()
    data = tf.data.Dataset.from_tensor_slices((defective, size)).batch(BATCH)
    for epoch in range(2):
        for batch in strategy.experimental_distribute_dataset(data):
            strategy.run(scores.update_state, args=batch)
        score, worst = scores.result().numpy()
        print(f"epoch {epoch}: F1 {score:.3f}, largest part missed {worst:.3f}")
        scores.reset_state()


if __name__ == "__main__":
    main()
