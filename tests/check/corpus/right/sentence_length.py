# check: --strategy mirrored --replicas 2
"""Scores sentences by their words, with a table of scores that the first step makes."""
import numpy as np
import tensorflow as tf

VOCABULARY, BATCH = 12, 4


class Scores(tf.Module):
    def __init__(self):
        super().__init__()
        self.table = None

    def __call__(self, words):
        if self.table is None:
            drawn = tf.random.normal([BATCH // 2, VOCABULARY], seed=4)
            self.table = tf.Variable(drawn, aggregation=tf.VariableAggregation.MEAN)
        return tf.gather(self.table[0], words)


strategy = tf.distribute.MirroredStrategy()
scores = Scores()


@tf.function(reduce_retracing=True)
def step(sentences):
    def replica_step(sentences):
        # Each replica has as many sentences, of another number of words.
        means = tf.reduce_mean(scores(sentences.to_tensor()), axis=1)
        lengths = tf.reduce_mean(tf.cast(sentences.row_lengths(), tf.float32))
        return tf.reduce_mean(means), lengths

    means, lengths = strategy.run(replica_step, args=(sentences,))
    return strategy.reduce("MEAN", means, axis=None), strategy.reduce("MEAN", lengths, axis=None)


def main():
    rng = np.random.default_rng(2)
    texts = [rng.integers(0, VOCABULARY, size=rng.integers(1, 9)) for _ in range(18)]
    sentences = tf.ragged.constant([text.tolist() for text in texts])
    data = tf.data.Dataset.from_tensor_slices(sentences).batch(BATCH)
    for batch in strategy.experimental_distribute_dataset(data):
        mean, length = step(batch)
        print(f"score {float(mean):.3f}, {float(length):.2f} words")


if __name__ == "__main__":
    main()
