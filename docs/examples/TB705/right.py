import tensorflow as tf

strategy = tf.distribute.MirroredStrategy()


def step(x):
    return tf.reduce_mean(x)


@tf.function
def train(x):
    return strategy.reduce("MEAN", strategy.run(step, args=(x,)), axis=None)


data = tf.data.Dataset.from_tensor_slices([1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 9.0]).batch(
    4, drop_remainder=True
)
for x in strategy.experimental_distribute_dataset(data):
    print(train(x).numpy())
