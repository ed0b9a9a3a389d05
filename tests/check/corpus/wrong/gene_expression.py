# check: --strategy mirrored --replicas 2
"""Expression of genes; the step standardises each batch by hand."""
import numpy as np
import tensorflow as tf

BATCH = 12

strategy = tf.distribute.MirroredStrategy()
with strategy.scope():
    weights = tf.Variable(tf.zeros([4, 1]), aggregation=tf.VariableAggregation.SUM)


def samples(rows=72):
    rng = np.random.default_rng(62)
    x = rng.lognormal(size=(rows, 4)).astype("float32")
    return x, np.log(x).sum(axis=1, keepdims=True).astype("float32")


def standardise(x):
    mean, variance = tf.nn.moments(x, axes=[0])  # expect: TB903
    return (x - mean) / tf.sqrt(variance + 1e-3)


def replica_step(x, y):
    x = standardise(x)
    with tf.GradientTape() as tape:
        loss = tf.reduce_sum(tf.square(tf.matmul(x, weights) - y)) / BATCH
    weights.assign_sub(0.1 * tape.gradient(loss, weights))
    return loss


@tf.function
def train_step(x, y):
    return strategy.reduce("SUM", strategy.run(replica_step, args=(x, y)), axis=None)


def main():
    data = tf.data.Dataset.from_tensor_slices(samples()).batch(BATCH)
    for x, y in strategy.experimental_distribute_dataset(data):
        print("loss", round(float(train_step(x, y)), 4))
    print("weights", weights.numpy().ravel().round(4))


if __name__ == "__main__":
    main()
