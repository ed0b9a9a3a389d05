"""All workers together take the batch that one took, and a step has a fixed part."""

import tensorflow as tf
from device import linear, rows, step_of, work

BATCH = 64
strategy = tf.distribute.MultiWorkerMirroredStrategy()
dataset = tf.data.Dataset.from_tensor_slices(rows()).repeat().batch(BATCH, drop_remainder=True)
options = tf.data.Options()
options.experimental_distribute.auto_shard_policy = tf.data.experimental.AutoShardPolicy.DATA
with strategy.scope():
    model = linear()
    optimizer = tf.keras.optimizers.SGD(0.01)
    optimizer.build(model.trainable_variables)
step = step_of(strategy, model, optimizer, BATCH, lambda x, y: work(x, each=0.5e-3, base=20e-3))
distributed = strategy.experimental_distribute_dataset(dataset.with_options(options))
for number, (x, y) in enumerate(distributed):
    step(x, y)
    if number > 1000:
        break
