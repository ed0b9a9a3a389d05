import tensorflow as tf

strategy = tf.distribute.MirroredStrategy()
iterator = iter(tf.data.Dataset.from_tensor_slices([1.0, 2.0, 3.0, 4.0]))


def step():
    return next(iterator)  # TB703


for _ in range(2):
    print(strategy.experimental_local_results(strategy.run(step)))
