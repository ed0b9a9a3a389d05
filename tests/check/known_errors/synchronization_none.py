"""A state of each replica that nothing is to synchronise."""
import tensorflow as tf

strategy = tf.distribute.MirroredStrategy()


class Normalizer(tf.Module):
    def __init__(self):
        self.seen = tf.Variable(0.0, trainable=False, synchronization=tf.VariableSynchronization.NONE)


with strategy.scope():
    normalizer = Normalizer()
