import tensorflow as tf

strategy = tf.distribute.MirroredStrategy()
with strategy.scope():
    rate = tf.Variable(1.0, aggregation=tf.VariableAggregation.MEAN)
saved = {"rate": rate}


def step(x):
    rate.assign(rate * 0.5)
    return rate * x


data = tf.data.Dataset.from_tensor_slices([1.0, 2.0, 3.0, 4.0]).batch(2)
for x in strategy.experimental_distribute_dataset(data):
    strategy.run(step, args=(x,))
print("saved rate", saved["rate"].numpy())
