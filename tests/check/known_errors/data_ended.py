"""Takes one batch more than there are to warm up."""
import tensorflow as tf

strategy = tf.distribute.MirroredStrategy()
data = tf.data.Dataset.from_tensor_slices(tf.random.normal([8, 3])).batch(4)
batches = iter(strategy.experimental_distribute_dataset(data))

warm_up = next(batches)
for step in range(2):
    strategy.run(tf.reduce_mean, args=(next(batches),))
