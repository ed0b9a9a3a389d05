import tensorflow as tf

strategy = tf.distribute.MirroredStrategy()


def step(x):
    return tf.reduce_mean(x)


total = 0.0
data = tf.data.Dataset.from_tensor_slices([1.0, 2.0, 3.0, 4.0]).batch(2)
for x in strategy.experimental_distribute_dataset(data):
    loss = strategy.run(step, args=(x,))
    total += loss  # TB304
print(total)
