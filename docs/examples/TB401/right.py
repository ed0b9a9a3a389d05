import tensorflow as tf

strategy = tf.distribute.MultiWorkerMirroredStrategy()


@tf.function
def total():
    context = tf.distribute.get_replica_context()
    return context.all_reduce("SUM", tf.constant(1.0))


result = strategy.run(total)
if strategy.cluster_resolver.task_id == 0:
    print(result.numpy())
