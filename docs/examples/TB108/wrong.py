import tensorflow as tf

strategy = tf.distribute.MirroredStrategy()
table = tf.lookup.experimental.MutableHashTable(tf.string, tf.int64, default_value=0)  # TB108


def step(words):
    table.insert(words, table.lookup(words) + 1)


data = tf.data.Dataset.from_tensor_slices(["a", "a", "a", "a"]).batch(2)
for words in strategy.experimental_distribute_dataset(data):
    strategy.run(step, args=(words,))
print(table.lookup(tf.constant(["a"])).numpy(), "batches have a word")
