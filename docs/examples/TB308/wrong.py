import random

import tensorflow as tf

strategy = tf.distribute.MirroredStrategy()


def step(x):
    return tf.reduce_mean(x) + random.random()  # TB308


@tf.function
def train(x):
    return strategy.reduce("MEAN", strategy.run(step, args=(x,)), axis=None)


data = tf.data.Dataset.from_tensor_slices([1.0, 2.0, 3.0, 4.0]).batch(2)
for x in strategy.experimental_distribute_dataset(data):
    print(train(x).numpy())
