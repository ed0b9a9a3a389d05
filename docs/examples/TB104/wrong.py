import tensorflow as tf

strategy = tf.distribute.MultiWorkerMirroredStrategy()
weight = tf.Variable(tf.random.normal([2]))  # TB104


@tf.function
def score(x):
    values = strategy.run(lambda x: tf.reduce_sum(weight * x), args=(x,))
    return strategy.reduce("SUM", values, axis=None)


data = tf.data.Dataset.from_tensor_slices([[1.0, 2.0], [3.0, 4.0]]).batch(2)
for x in strategy.experimental_distribute_dataset(data):
    print(score(x).numpy())
