"""Gathers the losses of all examples; the last worker has one example less."""
import tensorflow as tf

strategy = tf.distribute.MultiWorkerMirroredStrategy()
rank = strategy.cluster_resolver.task_id
errors = tf.random.normal([8 - rank, 1])


def step():
    losses = tf.square(errors)[:, 0]
    return tf.distribute.get_replica_context().all_reduce("SUM", losses)


print("losses", strategy.run(step))
