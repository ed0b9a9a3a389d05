"""Chooses the ring for its collectives."""
import tensorflow as tf

ring = tf.distribute.experimental.CommunicationOptions(
    implementation=tf.distribute.experimental.CommunicationImplementation.RING
)
strategy = tf.distribute.MultiWorkerMirroredStrategy(ring)
with strategy.scope():
    weight = tf.Variable(1.0)
