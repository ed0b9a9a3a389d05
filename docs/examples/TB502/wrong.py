import tensorflow as tf

strategy = tf.distribute.MirroredStrategy()
with strategy.scope():
    weight = tf.Variable(1.0, aggregation=tf.VariableAggregation.MEAN)


def step(x):
    return tf.reduce_mean(tf.square(weight * x))


data = tf.data.Dataset.from_tensor_slices([1.0, 2.0, 3.0, 4.0]).batch(2)
for x in strategy.experimental_distribute_dataset(data):
    with tf.GradientTape() as tape:
        loss = strategy.reduce("MEAN", strategy.run(step, args=(x,)), axis=None)
    gradient = tape.gradient(loss, weight)  # TB502
    if gradient is not None:
        weight.assign_sub(0.1 * gradient)
print(weight.numpy())
