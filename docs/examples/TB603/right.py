import tensorflow as tf

strategy = tf.distribute.MirroredStrategy()
with strategy.scope():
    generator = tf.random.Generator.from_seed(1)


def step(x):
    return x + generator.normal(tf.shape(x))


@tf.function
def train(x):
    return strategy.run(step, args=(x,))


data = tf.data.Dataset.range(32, output_type=tf.float32).batch(8)
for x in strategy.experimental_distribute_dataset(data):
    train(x)
