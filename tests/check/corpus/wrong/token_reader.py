# check: --strategy mirrored --replicas 2
"""Counts pairs of tokens, and takes the batches inside the step."""
import numpy as np
import tensorflow as tf

VOCABULARY, BATCH = 6, 4


class Counter:
    def __init__(self, strategy, tokens):
        self.strategy = strategy
        self.batches = iter(tf.data.Dataset.from_tensor_slices(tokens).batch(BATCH))
        with strategy.scope():
            self.pairs = tf.Variable(
                tf.zeros([VOCABULARY, VOCABULARY]),
                trainable=False,
                aggregation=tf.VariableAggregation.MEAN,
            )

    def replica_step(self):
        batch = next(self.batches)  # expect: TB703
        first, second = (tf.one_hot(batch[:, place], VOCABULARY) for place in (0, 1))
        self.pairs.assign_add(tf.matmul(first, second, transpose_a=True))

    @tf.function
    def step(self):
        self.strategy.run(self.replica_step)


def main():
    tokens = np.random.default_rng(12).integers(0, VOCABULARY, size=(48, 2))
    counter = Counter(tf.distribute.MirroredStrategy(), tokens)
    for step in range(6):
        counter.step()
        print("after", step + 1, "batches:", float(tf.reduce_sum(counter.pairs.read_value())))


if __name__ == "__main__":
    main()
