"""The step gets its number as a Python number, and is traced for each one."""

import tensorflow as tf
from device import linear, rows

strategy = tf.distribute.MirroredStrategy()
batch = 64 * strategy.num_replicas_in_sync
dataset = tf.data.Dataset.from_tensor_slices(rows()).repeat().batch(batch, drop_remainder=True)
with strategy.scope():
    model = linear()
    optimizer = tf.keras.optimizers.SGD(0.01)
    optimizer.build(model.trainable_variables)


def replica(x, y, rate):
    """Train on the rows of a replica."""
    with tf.GradientTape() as tape:
        loss = rate * tf.reduce_sum((model(x, training=True) - y) ** 2) / batch
    gradients = tape.gradient(loss, model.trainable_variables)
    optimizer.apply_gradients(zip(gradients, model.trainable_variables, strict=True))


@tf.function
def step(x, y, number):
    """Train with a weight that depends on the number of the step."""
    strategy.run(replica, args=(x, y, 1.0 / (1 + number)))


for number, (x, y) in enumerate(strategy.experimental_distribute_dataset(dataset)):
    step(x, y, number)
    if number > 300:
        break
