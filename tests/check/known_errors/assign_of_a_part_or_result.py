"""Sets the first row of a table to zero, within the scope."""
import tensorflow as tf

strategy = tf.distribute.MirroredStrategy()
with strategy.scope():
    table = tf.Variable(tf.ones([4, 2]))
    table[0].assign(tf.zeros([2]))
print(table.numpy())
