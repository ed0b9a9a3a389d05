import tensorflow as tf

strategy = tf.distribute.MirroredStrategy()
with strategy.scope():
    weight = tf.Variable(1.0, aggregation=tf.VariableAggregation.SUM)


def step(x):
    error = tf.reduce_mean(tf.square(weight * x - 2.0 * x))
    weight.assign_sub(0.001 * error)
    return error


@tf.function
def train(x):
    return strategy.reduce("SUM", strategy.run(step, args=(x,)), axis=None)


data = tf.data.Dataset.range(64, output_type=tf.float32).batch(16)
for x in strategy.experimental_distribute_dataset(data):
    print(train(x).numpy())
