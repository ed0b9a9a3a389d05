"""Each row is read for a millisecond, one after the other."""

import tensorflow as tf
from device import linear, rows, step_of, work

BATCH = 32
strategy = tf.distribute.MirroredStrategy()
dataset = tf.data.Dataset.from_tensor_slices(rows()).repeat()
dataset = dataset.map(lambda x, y: (work(x[None], each=1e-3)[0], y))
dataset = dataset.batch(BATCH, drop_remainder=True)
with strategy.scope():
    model = linear()
    optimizer = tf.keras.optimizers.SGD(0.01)
    optimizer.build(model.trainable_variables)
step = step_of(strategy, model, optimizer, BATCH)
for x, y in strategy.experimental_distribute_dataset(dataset):
    step(x, y)
    if optimizer.iterations > 1000:
        break
