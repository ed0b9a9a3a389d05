# check: --strategy multi_worker_mirrored --workers 2 --replicas 1
"""A mean of measurements; a report is made by another program, in a cluster of its own."""
import json
import os
import subprocess
import sys

import numpy as np
import tensorflow as tf

strategy = tf.distribute.MultiWorkerMirroredStrategy()
with strategy.scope():
    mean = tf.Variable(0.0, aggregation=tf.VariableAggregation.MEAN)
cluster = {"worker": ["localhost:12345", "localhost:23456"]}
os.environ["TF_CONFIG"] = json.dumps({"cluster": cluster, "task": {"type": "worker", "index": 0}})
told = "import json, os; print(len(json.loads(os.environ['TF_CONFIG'])['cluster']['worker']))"
hosts = subprocess.run([sys.executable, "-c", told], capture_output=True, text=True, check=True)
values = np.linspace(1.0, 3.0, 16).astype("float32")


@tf.function
def train_step(batch):
    strategy.run(lambda: mean.assign_add(0.5 * (tf.reduce_mean(batch) - mean)))


for batch in values.reshape(4, 4):
    train_step(tf.constant(batch))
print("mean", mean.numpy().round(3), "reported by", hosts.stdout.strip(), "hosts")
