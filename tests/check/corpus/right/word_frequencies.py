# check: --strategy mirrored --replicas 2
"""Counts words on the way into a bag-of-words model."""
import tensorflow as tf

VOCAB = ["the", "a", "cat", "dog", "sat", "ran", "on", "mat"]
SENTENCES = ["the cat sat on the mat", "a dog ran", "the dog sat", "a cat ran on a mat"] * 4


class WordStats:
    """Shared by everything that looks at text; `setup` comes first."""

    batches = None
    words = None

    @classmethod
    def setup(cls):
        cls.batches = tf.Variable(
            0,
            dtype=tf.int64,
            trainable=False,
            aggregation=tf.VariableAggregation.ONLY_FIRST_REPLICA,
        )
        cls.words = tf.Variable(
            0.0,
            trainable=False,
            synchronization=tf.VariableSynchronization.ON_READ,
            aggregation=tf.VariableAggregation.SUM,
        )

    def __init__(self):
        ids = tf.range(len(VOCAB), dtype=tf.int64)
        init = tf.lookup.KeyValueTensorInitializer(tf.constant(VOCAB), ids)
        self.table = tf.lookup.StaticHashTable(init, -1)

    def bags(self, sentences):
        ids = self.table.lookup(tf.strings.split(sentences).to_tensor(""))
        bags = tf.reduce_sum(tf.one_hot(ids, len(VOCAB)), axis=1)
        self.batches.assign_add(1)
        self.words.assign_add(tf.reduce_sum(bags))
        return bags


def main():
    strategy = tf.distribute.MirroredStrategy()
    stats = WordStats()
    with strategy.scope():
        WordStats.setup()
        weights = tf.Variable(
            tf.zeros([len(VOCAB)]), aggregation=tf.VariableAggregation.MEAN, name="weights"
        )

    def step(sentences):
        frequency = tf.reduce_mean(stats.bags(sentences), axis=0)
        weights.assign(0.9 * weights + 0.1 * frequency)

    @tf.function
    def run(sentences):
        strategy.run(step, args=(sentences,))

    data = tf.data.Dataset.from_tensor_slices(SENTENCES).batch(4)
    for sentences in strategy.experimental_distribute_dataset(data):
        run(sentences)
    print("words", WordStats.words.numpy(), "batches", int(WordStats.batches.numpy()))
    for word, weight in zip(VOCAB, weights.numpy()):
        print(f"{word:>5} {weight:.3f}")


if __name__ == "__main__":
    main()
