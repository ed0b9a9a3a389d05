import tensorflow as tf

strategy = tf.distribute.MultiWorkerMirroredStrategy()
with strategy.scope():
    offset = tf.Variable(0.0)

own = tf.constant(1.0 + strategy.cluster_resolver.task_id)
offset.assign(strategy.reduce("MEAN", strategy.run(lambda: own), axis=None))
print("offset", offset.numpy())
