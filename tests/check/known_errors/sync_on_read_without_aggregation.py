"""Lets each replica keep its own loss, and prints it."""
import tensorflow as tf

strategy = tf.distribute.MirroredStrategy()
with strategy.scope():
    last_loss = tf.Variable(0.0, trainable=False, synchronization=tf.VariableSynchronization.ON_READ)

strategy.run(lambda: last_loss.assign(tf.random.uniform([])))
print(f"loss {last_loss.numpy():.3f}")
