"""A step of few rows and a tiny model costs more to start than to compute."""

import tensorflow as tf
from device import linear, rows, step_of

strategy = tf.distribute.MirroredStrategy()
batch = 4 * strategy.num_replicas_in_sync
dataset = tf.data.Dataset.from_tensor_slices(rows()).repeat().batch(batch, drop_remainder=True)
with strategy.scope():
    model = linear()
    optimizer = tf.keras.optimizers.SGD(0.01)
    optimizer.build(model.trainable_variables)
step = step_of(strategy, model, optimizer, batch)
for number, (x, y) in enumerate(strategy.experimental_distribute_dataset(dataset.prefetch(8))):
    step(x, y)
    if number > 3000:
        break
