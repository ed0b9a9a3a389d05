import tensorflow as tf

strategy = tf.distribute.MultiWorkerMirroredStrategy()
one, four = (strategy.run(lambda: tf.constant(number)) for number in (1.0, 4.0))

if strategy.cluster_resolver.task_id == 0:
    examples = strategy.reduce("SUM", four, axis=None)  # TB402
    error = strategy.reduce("MEAN", one, axis=None)
else:
    error = strategy.reduce("MEAN", one, axis=None)
    examples = strategy.reduce("SUM", four, axis=None)
print("error", float(error), "of", float(examples))
