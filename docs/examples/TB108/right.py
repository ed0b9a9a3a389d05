import tensorflow as tf

strategy = tf.distribute.MirroredStrategy()
table = tf.lookup.experimental.MutableHashTable(tf.string, tf.int64, default_value=0)


def step(words):
    return tf.size(words)


data = tf.data.Dataset.from_tensor_slices(["a", "a", "a", "a"]).batch(2)
for words in strategy.experimental_distribute_dataset(data):
    strategy.run(step, args=(words,))
    seen = tf.constant(["a"])
    table.insert(seen, table.lookup(seen) + 1)
print(table.lookup(tf.constant(["a"])).numpy(), "batches have a word")
