"""Workers with much work for few weights."""

import tensorflow as tf
from device import linear, rows, step_of, work

strategy = tf.distribute.MultiWorkerMirroredStrategy()
batch = 64 * strategy.num_replicas_in_sync
dataset = tf.data.Dataset.from_tensor_slices(rows()).repeat().batch(batch, drop_remainder=True)
options = tf.data.Options()
options.experimental_distribute.auto_shard_policy = tf.data.experimental.AutoShardPolicy.DATA
with strategy.scope():
    model = linear()
    optimizer = tf.keras.optimizers.SGD(0.01)
    optimizer.build(model.trainable_variables)
step = step_of(strategy, model, optimizer, batch, lambda x, y: work(x, each=1e-3))
distributed = strategy.experimental_distribute_dataset(dataset.with_options(options))
for number, (x, y) in enumerate(distributed):
    step(x, y)
    if number > 500:
        break
