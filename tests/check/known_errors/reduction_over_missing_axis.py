"""Takes the mean of the replicas' losses over axis 0."""
import tensorflow as tf

strategy = tf.distribute.MirroredStrategy()


@tf.function
def train_step(x):
    losses = strategy.run(lambda x: tf.reduce_mean(tf.square(x)), args=(x,))
    return strategy.reduce(tf.distribute.ReduceOp.MEAN, losses, axis=0)


print(train_step(tf.ones([4])))
