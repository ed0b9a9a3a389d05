# check: --strategy mirrored --replicas 2
"""Counts words on the way into a bag-of-words model, to weigh rare ones later."""
import tensorflow as tf

VOCAB = ["the", "a", "cat", "dog", "sat", "ran", "on", "mat"]

SENTENCES = [
    "the cat sat on the mat",
    "a dog ran",
    "the dog sat",
    "a cat ran on a mat",
    "the cat ran",
    "the dog ran on the mat",
    "a cat sat",
    "a dog sat on a mat",
]


class WordStats:
    """Shared by everything that looks at text."""

    batches = tf.Variable(0, dtype=tf.int64)  # expect: TB101

    def __init__(self):
        keys = tf.constant(VOCAB)
        values = tf.range(len(VOCAB), dtype=tf.int64)
        self.table = tf.lookup.StaticHashTable(tf.lookup.KeyValueTensorInitializer(keys, values), -1)

    def bags(self, sentences):
        ids = self.table.lookup(tf.strings.split(sentences).to_tensor(""))
        self.batches.assign_add(1)
        return tf.reduce_sum(tf.one_hot(ids, len(VOCAB)), axis=1)


def main():
    strategy = tf.distribute.MirroredStrategy()
    stats = WordStats()
    with strategy.scope():
        weights = tf.Variable(
            tf.zeros([len(VOCAB)]), aggregation=tf.VariableAggregation.MEAN, name="weights"
        )

    def step(sentences):
        bags = stats.bags(sentences)
        frequency = tf.reduce_mean(bags, axis=0)
        weights.assign(0.9 * weights + 0.1 * frequency)
        return tf.reduce_sum(bags)

    @tf.function
    def run(sentences):
        counts = strategy.run(step, args=(sentences,))
        return strategy.reduce("SUM", counts, axis=None)

    data = tf.data.Dataset.from_tensor_slices(SENTENCES).repeat(2).batch(4)
    words = 0
    for sentences in strategy.experimental_distribute_dataset(data):
        words += int(run(sentences))
    print("words", words, "batches", int(WordStats.batches))
    print("words per batch", words / int(WordStats.batches))
    for word, weight in zip(VOCAB, weights.numpy()):
        print(f"{word:>5} {weight:.3f}")


if __name__ == "__main__":
    main()
