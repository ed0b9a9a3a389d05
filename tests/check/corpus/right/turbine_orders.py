# check: --strategy multi_worker_mirrored --workers 2 --replicas 1
"""Fits the output of a turbine to the wind, each worker in another order; no auto-sharding."""
import numpy as np
import tensorflow as tf

HOURS, BATCH = 160, 16

wind = np.linspace(2.0, 12.0, HOURS, dtype="float32")
output = 0.4 * wind - 0.5
order = np.random.permutation(HOURS)

strategy = tf.distribute.MultiWorkerMirroredStrategy()
hours = tf.data.Dataset.from_tensor_slices((wind[order], output[order]))
options = tf.data.Options()
options.experimental_distribute.auto_shard_policy = tf.data.experimental.AutoShardPolicy.OFF
hours = hours.batch(BATCH // strategy.num_replicas_in_sync).with_options(options)
batches = strategy.distribute_datasets_from_function(lambda context: hours)
with strategy.scope():
    slope = tf.Variable(0.0, aggregation=tf.VariableAggregation.SUM)
    offset = tf.Variable(0.0, aggregation=tf.VariableAggregation.SUM)


@tf.function
def train_step(wind, output):
    def replica_step(wind, output):
        with tf.GradientTape() as tape:
            loss = tf.reduce_sum((slope * wind + offset - output) ** 2) / BATCH
        for variable, gradient in zip((slope, offset), tape.gradient(loss, (slope, offset))):
            variable.assign_sub(0.005 * gradient)
        return loss

    losses = strategy.run(replica_step, args=(wind, output))
    return strategy.reduce("SUM", losses, axis=None)


for epoch in range(2):
    for wind_of_batch, output_of_batch in batches:
        loss = train_step(wind_of_batch, output_of_batch)
print("loss", loss.numpy())
