"""Linear regression on centred columns, on several workers."""
import numpy as np
import tensorflow as tf

MEANS = tf.constant([0.5, 0.5])


def main():
    strategy = tf.distribute.MultiWorkerMirroredStrategy()
    with strategy.scope():
        weight = tf.Variable([0.0, 0.0], aggregation=tf.VariableAggregation.MEAN)
    x = np.random.default_rng(2).normal(size=(16, 2)).astype("float32")
    strategy.run(lambda: weight.assign_sub(tf.reduce_mean(x - MEANS, axis=0)))


if __name__ == "__main__":
    main()
