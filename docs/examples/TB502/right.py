import tensorflow as tf

strategy = tf.distribute.MirroredStrategy()
with strategy.scope():
    weight = tf.Variable(1.0, aggregation=tf.VariableAggregation.MEAN)


def step(x):
    with tf.GradientTape() as tape:
        loss = tf.reduce_mean(tf.square(weight * x))
    weight.assign_sub(0.1 * tape.gradient(loss, weight))
    return loss


data = tf.data.Dataset.from_tensor_slices([1.0, 2.0, 3.0, 4.0]).batch(2)
for x in strategy.experimental_distribute_dataset(data):
    strategy.run(step, args=(x,))
print(weight.numpy())
