import tensorflow as tf

strategy = tf.distribute.MirroredStrategy()


@tf.function  # TB309
def train(x, rate):
    values = strategy.run(lambda x: rate * tf.reduce_mean(x), args=(x,))
    return strategy.reduce("MEAN", values, axis=None)


rate = 1.0
data = tf.data.Dataset.range(20, output_type=tf.float32).batch(2)
for x in strategy.experimental_distribute_dataset(data):
    rate *= 0.9
    train(x, rate)
