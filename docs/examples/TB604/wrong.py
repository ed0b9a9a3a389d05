import tensorflow as tf

strategy = tf.distribute.MultiWorkerMirroredStrategy()
tf.random.set_seed(1)


def step(x):
    return x + tf.random.normal(tf.shape(x))  # TB604


@tf.function
def train(x):
    return strategy.run(step, args=(x,))


data = tf.data.Dataset.range(32, output_type=tf.float32).batch(8)
for x in strategy.experimental_distribute_dataset(data):
    train(x)
