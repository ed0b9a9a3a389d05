import tensorflow as tf

strategy = tf.distribute.MirroredStrategy()


def error_of(x):
    return tf.reduce_mean(tf.square(x - 1.0))


data = tf.data.Dataset.from_tensor_slices([1.0, 2.0, 3.0, 5.0]).batch(4)
for x in strategy.experimental_distribute_dataset(data):
    errors = strategy.run(error_of, args=(x,))
    print("error", strategy.reduce("MEAN", errors, axis=None).numpy())
