"""Updates a metric of tf_keras by the reduced loss."""
import tensorflow as tf
import tf_keras

strategy = tf.distribute.MirroredStrategy()
with strategy.scope():
    mean_loss = tf_keras.metrics.Mean()
    for step in range(3):
        losses = strategy.run(lambda: tf.random.uniform([]))
        mean_loss.update_state(strategy.reduce("SUM", losses, axis=None))
print(float(mean_loss.result()))
