import tensorflow as tf

strategy = tf.distribute.MirroredStrategy()
rate = 0.1
with strategy.scope():
    weight = tf.Variable(1.0, aggregation=tf.VariableAggregation.MEAN)


def step(x):
    weight.assign_sub(rate * tf.reduce_mean(x))  # TB302


@tf.function
def train(x):
    strategy.run(step, args=(x,))


data = tf.data.Dataset.from_tensor_slices([1.0, 2.0, 3.0, 4.0]).batch(2)
for x in strategy.experimental_distribute_dataset(data):
    train(x)
    rate *= 0.5
print(weight.numpy())
