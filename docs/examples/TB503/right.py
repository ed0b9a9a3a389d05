import tensorflow as tf

strategy = tf.distribute.MirroredStrategy()


def step(x):
    return tf.reduce_any(tf.math.is_nan(x))


data = tf.data.Dataset.from_tensor_slices([1.0, 2.0, 3.0, 4.0]).batch(2)
for x in strategy.experimental_distribute_dataset(data):
    failed = strategy.run(step, args=(x,))
    if any(strategy.experimental_local_results(failed)):
        print("a loss is NaN")
