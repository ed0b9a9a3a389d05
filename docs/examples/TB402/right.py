import tensorflow as tf

strategy = tf.distribute.MultiWorkerMirroredStrategy()
one, four = (strategy.run(lambda: tf.constant(number)) for number in (1.0, 4.0))

examples = strategy.reduce("SUM", four, axis=None)
error = strategy.reduce("MEAN", one, axis=None)
print("error", float(error), "of", float(examples))
