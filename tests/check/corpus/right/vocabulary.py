# check: --strategy mirrored --replicas 2
"""Collects the words of a corpus in a table while a bag-of-words model trains."""
import tensorflow as tf

WORDS = ["sun", "sea", "sand", "surf", "snow", "ski", "sled", "slope"] * 4
HEAT = [1.0, 1.0, 1.0, 1.0, 0.0, 0.0, 0.0, 0.0] * 4

strategy = tf.distribute.MirroredStrategy()
hashes = tf.lookup.experimental.MutableHashTable(tf.string, tf.int64, default_value=-1)
with strategy.scope():
    scores = tf.Variable(tf.zeros([64]), aggregation=tf.VariableAggregation.SUM)


def bucket(words):
    return tf.strings.to_hash_bucket_fast(words, 64)


@tf.function
def train_step(words, heat):
    def replica_step(words, heat):
        places = bucket(words)
        # Every replica fills in the words that it has seen; the same word has the same bucket.
        hashes.insert(words, places)
        errors = tf.gather(scores, places) - heat
        scores.assign_sub(0.1 * tf.math.unsorted_segment_sum(errors, places, 64))
        return tf.reduce_sum(tf.square(errors))

    return strategy.reduce("SUM", strategy.run(replica_step, args=(words, heat)), axis=None)


data = tf.data.Dataset.from_tensor_slices((WORDS, HEAT)).batch(8)
for words, heat in strategy.experimental_distribute_dataset(data):
    print("loss", float(train_step(words, heat)))
print("words", int(hashes.size()))
for word in ("sun", "snow"):
    print(word, int(hashes.lookup(tf.constant(word)) == bucket(tf.constant(word))))
