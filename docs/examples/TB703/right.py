import tensorflow as tf

strategy = tf.distribute.MirroredStrategy()


def step(x):
    return tf.reduce_mean(x)


data = tf.data.Dataset.from_tensor_slices([1.0, 2.0, 3.0, 4.0]).batch(2)
iterator = iter(strategy.experimental_distribute_dataset(data))
for _ in range(2):
    x = next(iterator)
    print(strategy.experimental_local_results(strategy.run(step, args=(x,))))
