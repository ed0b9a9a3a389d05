"""The chief alone does further work in each step, and the other workers wait for it."""

import time

import tensorflow as tf
from device import linear, rows, step_of, work

strategy = tf.distribute.MultiWorkerMirroredStrategy()
batch = 32 * strategy.num_replicas_in_sync
dataset = tf.data.Dataset.from_tensor_slices(rows()).repeat().batch(batch, drop_remainder=True)
options = tf.data.Options()
options.experimental_distribute.auto_shard_policy = tf.data.experimental.AutoShardPolicy.DATA
with strategy.scope():
    model = linear()
    optimizer = tf.keras.optimizers.SGD(0.01)
    optimizer.build(model.trainable_variables)
step = step_of(strategy, model, optimizer, batch, lambda x, y: work(x, each=0.5e-3))
resolver = strategy.cluster_resolver
is_chief = strategy.num_replicas_in_sync > 1 and resolver.task_id == 0
distributed = strategy.experimental_distribute_dataset(dataset.with_options(options))
for number, (x, y) in enumerate(distributed):
    step(x, y)
    if is_chief:
        time.sleep(30e-3)
    if number > 500:
        break
