# check: --strategy mirrored --replicas 2
"""Reduces loss and gradient norm of a line fit; only the first replica's are kept for the log."""
import tensorflow as tf

strategy = tf.distribute.MirroredStrategy()
with strategy.scope():
    slope = tf.Variable(0.5, aggregation=tf.VariableAggregation.MEAN)
    worst = tf.Variable(0.0, aggregation=tf.VariableAggregation.SUM)


def over_replicas(value):
    context = tf.distribute.get_replica_context()
    return context.all_reduce(tf.distribute.ReduceOp.MEAN, value)


def replica_step(x):
    error = slope * x - 2.0 * x
    mean_loss = over_replicas(tf.reduce_mean(tf.square(error)))
    norm = over_replicas(tf.abs(tf.reduce_mean(2.0 * error * x)))
    slope.assign_sub(0.1 * tf.reduce_mean(2.0 * error * x))
    if tf.distribute.get_replica_context().replica_id_in_sync_group == 0:
        # The others bring nothing to the sum.
        worst.assign(tf.maximum(worst, norm))
    else:
        worst.assign(tf.zeros_like(norm))
    return mean_loss, norm


data = tf.data.Dataset.from_tensor_slices(tf.linspace(1.0, 2.0, 16)).batch(8)
for x in strategy.experimental_distribute_dataset(data):
    loss, norm = strategy.run(replica_step, args=(x,))
    loss = strategy.experimental_local_results(loss)[0]
    print("loss", round(float(loss), 4), "worst norm", round(float(worst.numpy()), 4))
