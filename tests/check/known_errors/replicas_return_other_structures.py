"""The first replica returns more logs than the others."""
import tensorflow as tf

strategy = tf.distribute.MirroredStrategy()


def replica_step(x):
    logs = [tf.reduce_mean(x)]
    if int(tf.distribute.get_replica_context().replica_id_in_sync_group) == 0:
        logs.append(tf.reduce_max(x))
    return logs


strategy.run(replica_step, args=(tf.ones([4]),))
