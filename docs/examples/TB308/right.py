import tensorflow as tf

strategy = tf.distribute.MirroredStrategy()
with strategy.scope():
    generator = tf.random.Generator.from_seed(1)


def step(x):
    return tf.reduce_mean(x) + generator.uniform([])


@tf.function
def train(x):
    return strategy.reduce("MEAN", strategy.run(step, args=(x,)), axis=None)


data = tf.data.Dataset.from_tensor_slices([1.0, 2.0, 3.0, 4.0]).batch(2)
for x in strategy.experimental_distribute_dataset(data):
    print(train(x).numpy())
