# check: --strategy mirrored --replicas 2
"""Fits a line to points; each replica takes its share of a batch that all are given."""
import numpy as np
import tensorflow as tf

BATCH = 8


class Line(tf.Module):
    def __init__(self):
        super().__init__()
        self.weights = tf.Variable(tf.zeros([2]), aggregation=tf.VariableAggregation.SUM)

    def loss(self, x, y):
        return tf.reduce_sum(tf.square(self.weights[0] * x + self.weights[1] - y)) / BATCH


strategy = tf.distribute.MirroredStrategy()
with strategy.scope():
    line = Line()


def mine(values):
    replica = tf.distribute.get_replica_context().replica_id_in_sync_group
    return values[replica :: strategy.num_replicas_in_sync]


@tf.function
def train_step(x, y):
    def replica_step(x, y):
        with tf.GradientTape() as tape:
            loss = line.loss(mine(x), mine(y))
        line.weights.assign_sub(0.1 * tf.convert_to_tensor(tape.gradient(loss, line.weights)))
        return loss

    return strategy.reduce("SUM", strategy.run(replica_step, args=(x, y)), axis=None)


def main():
    x = np.random.default_rng(4).normal(size=64).astype("float32")
    for x, y in tf.data.Dataset.from_tensor_slices((x, 3.0 * x - 1.0)).batch(BATCH):
        loss = train_step(x, y)
    print("loss", round(float(loss), 4), "line", line.weights.numpy().round(3))


if __name__ == "__main__":
    main()
