"""All weights are copied to Python after every step."""

import tensorflow as tf
from device import linear, rows, step_of

BATCH = 64
strategy = tf.distribute.MirroredStrategy()
dataset = tf.data.Dataset.from_tensor_slices(rows()).repeat().batch(BATCH, drop_remainder=True)
with strategy.scope():
    model = linear()
    memory = [tf.Variable(tf.zeros([1024, 2048]), trainable=False) for _ in range(8)]
    optimizer = tf.keras.optimizers.SGD(0.01)
    optimizer.build(model.trainable_variables)
step = step_of(strategy, model, optimizer, BATCH)
history = {}
for number, (x, y) in enumerate(strategy.experimental_distribute_dataset(dataset)):
    step(x, y)
    history["weights"] = [each.numpy() for each in memory]
    if number > 500:
        break
