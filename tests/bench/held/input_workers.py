"""Workers read their rows one after the other."""

import tensorflow as tf
from device import linear, rows, step_of, work

BATCH = 32
strategy = tf.distribute.MultiWorkerMirroredStrategy()
dataset = tf.data.Dataset.from_tensor_slices(rows()).repeat()
dataset = dataset.map(lambda x, y: (work(x[None], each=2e-3)[0], y))
dataset = dataset.batch(BATCH, drop_remainder=True).prefetch(2)
options = tf.data.Options()
options.experimental_distribute.auto_shard_policy = tf.data.experimental.AutoShardPolicy.DATA
dataset = dataset.with_options(options)
with strategy.scope():
    model = linear()
    optimizer = tf.keras.optimizers.SGD(0.01)
    optimizer.build(model.trainable_variables)
step = step_of(strategy, model, optimizer, BATCH)
for number, (x, y) in enumerate(strategy.experimental_distribute_dataset(dataset)):
    step(x, y)
    if number > 1000:
        break
