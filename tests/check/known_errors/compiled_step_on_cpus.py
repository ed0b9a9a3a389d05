"""A step that XLA compiles."""
import tensorflow as tf

strategy = tf.distribute.MirroredStrategy()
with strategy.scope():
    weight = tf.Variable(tf.ones([3]))


@tf.function(jit_compile=True)
def loss_of(x):
    return tf.reduce_mean(tf.square(x - weight))


@tf.function
def train_step(x):
    return strategy.run(loss_of, args=(x,))


train_step(tf.zeros([4, 3]))
