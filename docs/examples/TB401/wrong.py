import tensorflow as tf

strategy = tf.distribute.MultiWorkerMirroredStrategy()


@tf.function
def total():
    context = tf.distribute.get_replica_context()
    return context.all_reduce("SUM", tf.constant(1.0))


if strategy.cluster_resolver.task_id == 0:
    print(strategy.run(total).numpy())  # TB401
