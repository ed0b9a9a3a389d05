# check: --strategy multi_worker_mirrored --workers 2 --replicas 1
"""Fits the output of a turbine to the wind, on four fifths of the hours; the others are for a test."""
import numpy as np
import tensorflow as tf

HOURS, BATCH = 160, 16

wind = np.linspace(2.0, 12.0, HOURS, dtype="float32")
output = 0.4 * wind - 0.5
order = np.random.permutation(HOURS)
train, test = order[:128], order[128:]

strategy = tf.distribute.MultiWorkerMirroredStrategy()
hours = tf.data.Dataset.from_tensor_slices((wind[train], output[train]))  # expect: TB706
batches = strategy.experimental_distribute_dataset(hours.batch(BATCH))
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
error = slope * wind[test] + offset - output[test]
print("loss", loss.numpy(), "in the test", tf.reduce_mean(error**2).numpy())
