"""Central storage with a running mean of the loss."""
import tensorflow as tf

strategy = tf.distribute.experimental.CentralStorageStrategy(["CPU:0", "CPU:1"])
with strategy.scope():
    running = tf.Variable(0.0, trainable=False)


def replica_step(x):
    running.assign(0.9 * running + 0.1 * tf.reduce_mean(x))


strategy.run(replica_step, args=(tf.ones([4]),))
