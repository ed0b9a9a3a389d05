import tensorflow as tf

strategy = tf.distribute.MultiWorkerMirroredStrategy()
with strategy.scope():
    offset = tf.Variable(0.0)  # TB202

offset.assign(1.0 + strategy.cluster_resolver.task_id)
print("offset", offset.numpy())
