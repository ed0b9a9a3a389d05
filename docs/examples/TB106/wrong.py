import tensorflow as tf

strategy = tf.distribute.MultiWorkerMirroredStrategy()
chief = strategy.cluster_resolver.task_id == 0
names = ["weight", "bias"] if chief else ["bias", "weight"]
start = {"weight": 2.0, "bias": 0.5}
with strategy.scope():
    variables = {name: tf.Variable(start[name], name=name) for name in names}  # TB106
print({name: variables[name].numpy() for name in sorted(start)})
