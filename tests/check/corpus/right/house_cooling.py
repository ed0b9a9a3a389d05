# check: --strategy mirrored --replicas 2
"""Predicts the cooling of houses; what the last batch lacks is a part of the sum that it adds."""
import numpy as np
import tensorflow as tf

HOUSES, FEATURES, BATCH = 33, 3, 8

strategy = tf.distribute.MirroredStrategy()
with strategy.scope():
    slope = tf.Variable(tf.zeros([FEATURES, 1]), aggregation=tf.VariableAggregation.SUM)
    center = tf.Variable(tf.zeros([FEATURES]), False, aggregation=tf.VariableAggregation.SUM)


def replica_step(x, y):
    with tf.GradientTape() as tape:
        loss = tf.reduce_sum(tf.square(tf.matmul(x - center, slope) - y)) / BATCH
    center.assign_add(0.1 * tf.reduce_sum(x - center, axis=0) / BATCH)
    slope.assign_sub(0.1 * tape.gradient(loss, slope))
    # Of the slope, not of the houses: the same on both replicas, however many houses each has.
    return loss, tf.size(y), tf.reduce_mean(tf.abs(slope))


@tf.function
def train_step(x, y):
    loss, count, size = strategy.run(replica_step, args=(x, y))
    total, houses = (strategy.reduce("SUM", each, axis=None) for each in (loss, count))
    return total, houses, strategy.reduce("MEAN", size, axis=None)


def main():
    x = np.random.default_rng(17).normal(size=(HOUSES, FEATURES)).astype("float32")
    y = x @ np.float32([[2.0], [0.0], [-1.0]])
    data = tf.data.Dataset.from_tensor_slices((x, y)).batch(BATCH)
    for x, y in strategy.experimental_distribute_dataset(data):
        loss, houses, size = train_step(x, y)
        print("houses", int(houses), "loss", round(float(loss), 4), "slope", float(size))
    print("slope", slope.numpy().ravel())


if __name__ == "__main__":
    main()
