import json
import os

import tensorflow as tf

HOSTS = ["localhost:12345", "localhost:23456"]
strategy = tf.distribute.MultiWorkerMirroredStrategy()
task = {"type": "worker", "index": int(os.environ.get("WORKER_INDEX", "0"))}
os.environ["TF_CONFIG"] = json.dumps({"cluster": {"worker": HOSTS}, "task": task})  # TB406
with strategy.scope():
    weight = tf.Variable(1.0, aggregation=tf.VariableAggregation.MEAN)
strategy.run(lambda: weight.assign_sub(0.1 * weight))
print(strategy.num_replicas_in_sync, "replicas")
