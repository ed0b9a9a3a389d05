import tensorflow as tf

strategy = tf.distribute.MirroredStrategy()
with strategy.scope():
    error = tf.Variable(
        0.0,
        trainable=False,
        synchronization=tf.VariableSynchronization.ON_READ,
        aggregation=tf.VariableAggregation.MEAN,
    )


@tf.function
def train(x):
    strategy.run(lambda x: error.assign(tf.reduce_mean(x)), args=(x,))


data = tf.data.Dataset.from_tensor_slices([1.0, 2.0, 3.0, 4.0]).batch(4)
for x in strategy.experimental_distribute_dataset(data):
    train(x)
print("mean", error.numpy())
