"""The loss of each of many small parts is fetched one by one."""

import tensorflow as tf
from device import linear, rows, step_of

BATCH = 64
strategy = tf.distribute.MirroredStrategy()
dataset = tf.data.Dataset.from_tensor_slices(rows()).repeat().batch(BATCH, drop_remainder=True)
with strategy.scope():
    model = linear()
    totals = [tf.Variable(tf.zeros([512]), trainable=False) for _ in range(200)]
    optimizer = tf.keras.optimizers.SGD(0.01)
    optimizer.build(model.trainable_variables)
step = step_of(strategy, model, optimizer, BATCH)
for number, (x, y) in enumerate(strategy.experimental_distribute_dataset(dataset)):
    step(x, y)
    seen = [float(each.read_value()[0]) for each in totals]
    if number > 500 or not seen:
        break
