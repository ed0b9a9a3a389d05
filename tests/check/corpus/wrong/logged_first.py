# check: --strategy mirrored --replicas 2
"""Reduces loss and gradient norm of a line fit; the first replica also logs."""
import tensorflow as tf

strategy = tf.distribute.MirroredStrategy()
with strategy.scope():
    slope = tf.Variable(0.5, aggregation=tf.VariableAggregation.MEAN)


def over_replicas(value):
    context = tf.distribute.get_replica_context()
    return context.all_reduce(tf.distribute.ReduceOp.MEAN, value)


def replica_step(x):
    loss = tf.reduce_mean(tf.square(slope * x - 2.0 * x))
    gradient = tf.reduce_mean(2.0 * (slope * x - 2.0 * x) * x)
    context = tf.distribute.get_replica_context()
    if context.replica_id_in_sync_group == 0:
        # Has what it prints at once.
        mean_loss = over_replicas(loss)  # expect: TB403
        norm = over_replicas(tf.abs(gradient))
    else:
        norm = over_replicas(tf.abs(gradient))
        mean_loss = over_replicas(loss)
    slope.assign_sub(0.1 * gradient)
    return mean_loss, norm


data = tf.data.Dataset.from_tensor_slices(tf.linspace(1.0, 2.0, 16)).batch(8)
for x in strategy.experimental_distribute_dataset(data):
    loss, norm = strategy.run(replica_step, args=(x,))
    loss = strategy.experimental_local_results(loss)[0]
    norm = strategy.experimental_local_results(norm)[0]
    print("loss", round(float(loss), 4), "norm", round(float(norm), 4))
