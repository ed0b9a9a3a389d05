"""strategy.run is called without a tf.function around it."""

import tensorflow as tf
from device import rows

strategy = tf.distribute.MirroredStrategy()
batch = 32 * strategy.num_replicas_in_sync
dataset = tf.data.Dataset.from_tensor_slices(rows()).repeat().batch(batch, drop_remainder=True)
with strategy.scope():
    layers = [tf.keras.layers.Dense(16, activation="tanh") for _ in range(6)]
    model = tf.keras.Sequential([tf.keras.Input([16]), *layers, tf.keras.layers.Dense(1)])
    optimizer = tf.keras.optimizers.SGD(0.01)
    optimizer.build(model.trainable_variables)


def replica(x, y):
    """Train on the rows of a replica."""
    with tf.GradientTape() as tape:
        loss = tf.reduce_sum((model(x, training=True) - y) ** 2) / batch
    gradients = tape.gradient(loss, model.trainable_variables)
    optimizer.apply_gradients(zip(gradients, model.trainable_variables, strict=True))


for number, (x, y) in enumerate(strategy.experimental_distribute_dataset(dataset)):
    strategy.run(replica, args=(x, y))
    if number > 500:
        break
