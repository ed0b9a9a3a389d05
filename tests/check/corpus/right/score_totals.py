# check: --strategy multi_worker_mirrored --workers 2 --replicas 1
"""Evaluates a fixed model and adds up its scores over all workers."""
from dataclasses import asdict, dataclass

import numpy as np
import tensorflow as tf


@dataclass
class Scores:
    hits: float = 0.0
    rows: float = 0.0
    confidence: float = 0.0


def held_out(rows=48):
    rng = np.random.default_rng(38)
    x = rng.normal(size=(rows, 3)).astype("float32")
    return x, (x.sum(axis=1) + 0.5 * rng.normal(size=rows) > 0).astype("int32")


class Evaluation:
    def __init__(self, strategy):
        self.strategy = strategy
        self.rank = strategy.cluster_resolver.task_id or 0
        with strategy.scope():
            self.model = tf.Variable([[-1.0, 1.0]] * 3, trainable=False, name="model")

    def replica(self, x, y):
        probabilities = tf.nn.softmax(tf.matmul(x, self.model))
        guess = tf.argmax(probabilities, axis=1, output_type=tf.int32)
        return {
            "hits": tf.reduce_sum(tf.cast(guess == y, tf.float32)),
            "rows": tf.cast(tf.shape(y)[0], tf.float32),
            "confidence": tf.reduce_sum(tf.reduce_max(probabilities, axis=1)),
        }

    @tf.function
    def batch(self, x, y):
        return self.strategy.run(self.replica, args=(x, y))

    def run(self, dataset):
        scores = Scores()
        for x, y in self.strategy.experimental_distribute_dataset(dataset):
            values = self.batch(x, y)
            for name in asdict(scores):
                total = float(self.strategy.reduce("SUM", values[name], axis=None))
                setattr(scores, name, getattr(scores, name) + total)
            local = self.strategy.experimental_local_results(values["rows"])
            if self.rank == 0:
                print("rows of this worker:", [int(value) for value in local])
        return scores


def main():
    strategy = tf.distribute.MultiWorkerMirroredStrategy()
    options = tf.data.Options()
    options.experimental_distribute.auto_shard_policy = tf.data.experimental.AutoShardPolicy.DATA
    dataset = tf.data.Dataset.from_tensor_slices(held_out()).batch(8).with_options(options)
    scores = Evaluation(strategy).run(dataset)
    print(f"accuracy {scores.hits / scores.rows:.4f} of {scores.rows:.0f} rows")
    print(f"confidence {scores.confidence / scores.rows:.4f}")


main()
