# check: --strategy mirrored --replicas 2
"""Fits a slope on examples that a generator makes and counts, while compiled steps go on."""
import numpy as np
import tensorflow as tf

made = 0
steps = 0
shown = []
rng = np.random.default_rng(15)


def examples():
    global made
    while True:
        made += 1
        x = rng.normal()
        yield np.float32(x), np.float32(1.5 * x)


def show(loss):
    print(f"loss {loss:.4f}")
    return np.float32(loss)


def main():
    global steps
    strategy = tf.distribute.MirroredStrategy()
    with strategy.scope():
        slope = tf.Variable(0.0, aggregation=tf.VariableAggregation.MEAN)

    def replica_step(x, y):
        slope.assign_sub(0.1 * tf.reduce_mean((slope * x - y) * x))
        return tf.numpy_function(show, [tf.reduce_mean(tf.square(slope * x - y))], tf.float32)

    @tf.function
    def train_step(x, y):
        return strategy.reduce("mean", strategy.run(replica_step, args=(x, y)), axis=None)

    scalar = tf.TensorSpec([], tf.float32)
    dataset = tf.data.Dataset.from_generator(examples, output_signature=(scalar, scalar))
    for batch in strategy.experimental_distribute_dataset(dataset.batch(8).prefetch(2).take(6)):
        shown.append(float(train_step(*batch)))
        steps += 1
    print(f"slope {float(slope.numpy()):.3f} after {steps} steps, {made >= 48}: {len(shown)}")


if __name__ == "__main__":
    main()
