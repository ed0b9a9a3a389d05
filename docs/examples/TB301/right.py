import tensorflow as tf

strategy = tf.distribute.MirroredStrategy()
losses = []


def step(x):
    return tf.reduce_mean(x)


data = tf.data.Dataset.from_tensor_slices([1.0, 2.0, 3.0, 4.0]).batch(2)
for x in strategy.experimental_distribute_dataset(data):
    loss = strategy.reduce("MEAN", strategy.run(step, args=(x,)), axis=None)
    losses.append(float(loss))
print(len(losses), "losses")
