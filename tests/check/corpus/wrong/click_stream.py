# check: --strategy multi_worker_mirrored --workers 2 --replicas 1
"""Learns clicks from a stream that each worker opens by itself."""
import numpy as np
import tensorflow as tf

FEATURES, GLOBAL_BATCH, STEPS = 4, 8, 6


def stream(context):
    rng = np.random.default_rng(30)
    x = rng.normal(size=(96, FEATURES)).astype("float32")
    y = (x[:, :1] > 0).astype("float32")
    size = context.get_per_replica_batch_size(GLOBAL_BATCH)
    return tf.data.Dataset.from_tensor_slices((x, y)).shuffle(96, seed=9).batch(size).repeat()


class ClickModel:
    def __init__(self, strategy):
        self.strategy = strategy
        with strategy.scope():
            self.weights = tf.Variable(
                tf.zeros([FEATURES, 1]), aggregation=tf.VariableAggregation.SUM
            )

    def replica_step(self, x, y):
        with tf.GradientTape() as tape:
            logits = tf.matmul(x, self.weights)
            losses = tf.nn.sigmoid_cross_entropy_with_logits(y, logits)
            loss = tf.reduce_sum(losses) / GLOBAL_BATCH
        self.weights.assign_sub(tape.gradient(loss, self.weights))
        return loss

    @tf.function
    def train_step(self, x, y):
        loss = self.strategy.run(self.replica_step, args=(x, y))
        return self.strategy.reduce("SUM", loss, axis=None)


def main():
    strategy = tf.distribute.MultiWorkerMirroredStrategy()
    model = ClickModel(strategy)
    batches = iter(strategy.distribute_datasets_from_function(stream))
    for step in range(STEPS):
        x, y = next(batches)  # expect: TB702
        print(step, round(float(model.train_step(x, y)), 4))
    print(model.weights.numpy().ravel().round(3))


if __name__ == "__main__":
    main()
