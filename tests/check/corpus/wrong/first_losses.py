# check: --strategy multi_worker_mirrored --workers 2
"""Keeps the first replica's loss, as cheap as can be, and lets it set the learning rate."""
import tensorflow as tf

strategy = tf.distribute.MultiWorkerMirroredStrategy()
with strategy.scope():
    slope = tf.Variable(0.5, aggregation=tf.VariableAggregation.MEAN, name="slope")
    loss_seen = tf.Variable(  # expect: TB202
        0.0,
        trainable=False,
        synchronization=tf.VariableSynchronization.ON_READ,
        aggregation=tf.VariableAggregation.ONLY_FIRST_REPLICA,
        name="loss_seen",
    )


@tf.function
def train_step(x):
    def replica_step(x):
        error = slope * x - 2.0 * x
        slope.assign_sub(0.1 * tf.reduce_mean(2.0 * error * x))
        loss_seen.assign(tf.reduce_mean(tf.square(error)))

    strategy.run(replica_step, args=(x,))


data = tf.data.Dataset.from_tensor_slices(tf.linspace(1.0, 2.0, 32)).batch(8)
for x in strategy.experimental_distribute_dataset(data):
    train_step(x)
    rate = 0.1 if float(loss_seen.numpy()) > 0.5 else 0.05
    print("slope", float(slope.numpy()), "rate", rate)
