import tensorflow as tf

strategy = tf.distribute.MirroredStrategy()
last = {}


def step(x):
    last["loss"] = tf.reduce_mean(x)  # TB305


data = tf.data.Dataset.from_tensor_slices([1.0, 2.0, 3.0, 4.0]).batch(2)
for x in strategy.experimental_distribute_dataset(data):
    strategy.run(step, args=(x,))
    print("loss", last["loss"].numpy())
