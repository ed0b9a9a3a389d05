import tensorflow as tf

strategy = tf.distribute.MirroredStrategy()
with strategy.scope():
    dropout = tf.keras.layers.Dropout(0.5)  # TB602


def step(x):
    return dropout(x, training=True)


@tf.function
def train(x):
    return strategy.run(step, args=(x,))


data = tf.data.Dataset.from_tensors(tf.ones([64])).repeat(4).batch(2)
for x in strategy.experimental_distribute_dataset(data):
    train(x)
