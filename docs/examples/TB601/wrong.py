import tensorflow as tf

strategy = tf.distribute.MirroredStrategy()
with strategy.scope():
    layer = tf.keras.layers.BatchNormalization()
    layer.build([None, 2])  # TB601


def step(x):
    layer(x, training=True)


@tf.function
def train(x):
    strategy.run(step, args=(x,))


data = tf.data.Dataset.from_tensor_slices([[1.0, 2.0], [3.0, 5.0], [2.0, 7.0], [4.0, 1.0]]).batch(4)
for x in strategy.experimental_distribute_dataset(data):
    train(x)
print(layer.moving_mean.numpy())
