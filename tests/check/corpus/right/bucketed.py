# check: --strategy mirrored --replicas 2
"""Counts what a sentence says; a number for each step makes each call trace, which is only slow."""
import numpy as np
import tensorflow as tf


def main():
    strategy = tf.distribute.MirroredStrategy()
    with strategy.scope():
        score = tf.Variable(tf.zeros([10]), aggregation=tf.VariableAggregation.MEAN)

    def replica_step(words, rate):
        wanted = tf.reduce_mean(tf.one_hot(words, 10), axis=[0, 1])
        score.assign_add(rate * (wanted - score))
        return tf.norm(wanted - score)

    @tf.function  # note: TB309
    def train_step(words, rate):
        return strategy.reduce("mean", strategy.run(replica_step, args=(words, rate)), axis=None)

    @tf.function
    def measure(words):
        return tf.reduce_mean(tf.gather(score, words))

    rng = np.random.default_rng(12)
    for step in range(9):
        words = rng.integers(10, size=(8, 4 + step % 3))
        dataset = tf.data.Dataset.from_tensors(words).unbatch().batch(8)
        for batch in strategy.experimental_distribute_dataset(dataset):
            distance = train_step(batch, 1 / (step + 1))
        print(f"step {step}: {float(distance):.3f}, {float(measure(words)):.3f}")


if __name__ == "__main__":
    main()
