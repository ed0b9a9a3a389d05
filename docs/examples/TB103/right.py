import tensorflow as tf

strategy = tf.distribute.MirroredStrategy()
with strategy.scope():
    scale = tf.Variable(2.0)


@tf.function
def total(x):
    values = strategy.run(lambda x: tf.reduce_sum(scale * x), args=(x,))
    return strategy.reduce("SUM", values, axis=None)


data = tf.data.Dataset.from_tensor_slices([1.0, 2.0, 3.0, 4.0]).batch(2)
for x in strategy.experimental_distribute_dataset(data):
    print(total(x).numpy())
