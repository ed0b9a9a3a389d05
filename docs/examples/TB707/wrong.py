import tensorflow as tf

strategy = tf.distribute.MultiWorkerMirroredStrategy()
texts = ["tea", "milk", "milk", "rice", "rice", "tea", "tea", "milk"]
words = texts[strategy.cluster_resolver.task_id :: 2]

lookup = tf.keras.layers.StringLookup()
lookup.adapt(words)  # TB707
dataset = tf.data.Dataset.from_tensor_slices(lookup(words)).batch(2)

with strategy.scope():
    seen = tf.Variable(tf.zeros([5]), aggregation=tf.VariableAggregation.SUM)


def step(ids):
    seen.assign_add(tf.reduce_sum(tf.one_hot(ids, 5), axis=0))


for ids in strategy.distribute_datasets_from_function(lambda context: dataset):
    strategy.run(step, args=(ids,))
print(seen.numpy())
