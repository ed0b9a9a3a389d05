import tensorflow as tf

strategy = tf.distribute.MirroredStrategy()
seen = {}


@tf.function
def train(x):
    losses = strategy.run(tf.reduce_mean, args=(x,))
    seen["loss"] = strategy.reduce("MEAN", losses, axis=None)  # TB303


data = tf.data.Dataset.from_tensor_slices([1.0, 2.0, 3.0, 4.0]).batch(2)
for x in strategy.experimental_distribute_dataset(data):
    train(x)
print("last loss", seen["loss"])
