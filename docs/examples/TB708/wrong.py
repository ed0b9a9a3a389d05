import tensorflow as tf

strategy = tf.distribute.MultiWorkerMirroredStrategy()
texts = ["tea and milk", "rice and tea", "milk and rice", "beans and rice"]


def numbers(text):
    return [hash(word) % 1000 for word in text.split()]  # TB708


dataset = tf.data.Dataset.from_tensor_slices([numbers(text) for text in texts]).batch(2)

with strategy.scope():
    seen = tf.Variable(tf.zeros([1000]), aggregation=tf.VariableAggregation.SUM)


def step(ids):
    seen.assign_add(tf.reduce_sum(tf.one_hot(ids, 1000), axis=[0, 1]))


for ids in strategy.experimental_distribute_dataset(dataset):
    strategy.run(step, args=(ids,))
print(tf.reduce_max(seen).numpy())
