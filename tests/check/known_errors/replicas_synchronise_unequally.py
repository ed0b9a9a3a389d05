"""Lets the first replica alone keep the running mean."""
import tensorflow as tf

strategy = tf.distribute.MirroredStrategy()
with strategy.scope():
    running = tf.Variable(0.0, aggregation=tf.VariableAggregation.MEAN)


def step(x):
    replica = tf.distribute.get_replica_context().replica_id_in_sync_group
    loss = tf.reduce_mean(x)
    if int(replica) == 0:
        running.assign(0.9 * running + 0.1 * loss)
    return loss


strategy.run(step, args=(tf.ones([4]),))
