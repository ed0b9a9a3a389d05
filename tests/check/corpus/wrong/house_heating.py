# check: --strategy mirrored --replicas 2
"""Predicts the heating of houses; 33 of them do not divide into batches of 8."""
import numpy as np
import tensorflow as tf

HOUSES, FEATURES, BATCH = 33, 3, 8

strategy = tf.distribute.MirroredStrategy()
with strategy.scope():
    slope = tf.Variable(tf.zeros([FEATURES, 1]), aggregation=tf.VariableAggregation.SUM)
    center = tf.Variable(tf.zeros([FEATURES]), False, aggregation=tf.VariableAggregation.MEAN)


def replica_step(x, y):
    with tf.GradientTape() as tape:
        loss = tf.reduce_sum(tf.square(tf.matmul(x - center, slope) - y)) / BATCH
    center.assign(0.9 * center + 0.1 * tf.reduce_mean(x, axis=0))
    slope.assign_sub(0.1 * tape.gradient(loss, slope))


@tf.function
def train_step(x, y):
    strategy.run(replica_step, args=(x, y))


def main():
    x = np.random.default_rng(17).normal(size=(HOUSES, FEATURES)).astype("float32")
    y = x @ np.float32([[2.0], [0.0], [-1.0]])
    data = tf.data.Dataset.from_tensor_slices((x, y)).batch(BATCH)
    for x, y in strategy.experimental_distribute_dataset(data):  # expect: TB704
        train_step(x, y)
    print("slope", slope.numpy().ravel(), "center", center.numpy())


if __name__ == "__main__":
    main()
