"""The batch stays the same for any number of replicas, and a step has a fixed part."""

import tensorflow as tf
from device import linear, rows, step_of, work

BATCH = 64
strategy = tf.distribute.MirroredStrategy()
dataset = tf.data.Dataset.from_tensor_slices(rows()).repeat().batch(BATCH, drop_remainder=True)
with strategy.scope():
    model = linear()
    optimizer = tf.keras.optimizers.SGD(0.01)
    optimizer.build(model.trainable_variables)
step = step_of(strategy, model, optimizer, BATCH, lambda x, y: work(x, each=0.2e-3, base=8e-3))
for number, (x, y) in enumerate(strategy.experimental_distribute_dataset(dataset)):
    step(x, y)
    if number > 1000:
        break
