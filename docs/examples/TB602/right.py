import tensorflow as tf

strategy = tf.distribute.MirroredStrategy()
with strategy.scope():
    generator = tf.random.Generator.from_seed(1)


def step(x):
    kept = generator.uniform(tf.shape(x)) < 0.5
    return tf.where(kept, 2.0 * x, 0.0)


@tf.function
def train(x):
    return strategy.run(step, args=(x,))


data = tf.data.Dataset.from_tensors(tf.ones([64])).repeat(4).batch(2)
for x in strategy.experimental_distribute_dataset(data):
    train(x)
