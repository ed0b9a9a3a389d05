# check: --strategy mirrored --replicas 2
"""Trains with noise from a file: an endless stream, of which each replica takes what comes next."""
import numpy as np
import tensorflow as tf

FEATURES, BATCH = 4, 8

rng = np.random.default_rng(3)
signal = rng.normal(size=(64, FEATURES)).astype("float32")
recorded = rng.normal(scale=0.1, size=(20, BATCH, FEATURES)).astype("float32")

strategy = tf.distribute.MirroredStrategy()
with strategy.scope():
    weights = tf.Variable(tf.eye(FEATURES), aggregation=tf.VariableAggregation.SUM)

noise = iter(tf.data.Dataset.from_tensor_slices(recorded).shuffle(20, seed=1).repeat())


def replica_step(clean):
    noisy = clean + next(noise)[: tf.shape(clean)[0]]
    with tf.GradientTape() as tape:
        loss = tf.reduce_sum(tf.square(tf.matmul(noisy, weights) - clean)) / BATCH
    weights.assign_sub(0.1 * tape.gradient(loss, weights))
    return loss


@tf.function
def train_step(clean):
    return strategy.reduce("SUM", strategy.run(replica_step, args=(clean,)), axis=None)


def main():
    data = tf.data.Dataset.from_tensor_slices(signal).batch(BATCH)
    for batch in strategy.experimental_distribute_dataset(data):
        loss = train_step(batch)
    print("loss", round(float(loss), 4))


if __name__ == "__main__":
    main()
