import tensorflow as tf

strategy = tf.distribute.MirroredStrategy()
with strategy.scope():
    weight = tf.Variable(1.0, aggregation=tf.VariableAggregation.MEAN)


def step(x):
    weight.assign_sub(0.1 * tf.reduce_mean(x))


@tf.function
def train(x):
    strategy.run(step, args=(x,))


data = tf.data.Dataset.from_tensor_slices([1.0, 2.0, 3.0]).batch(2)
for x in strategy.experimental_distribute_dataset(data):  # TB704
    train(x)
print(weight.numpy())
