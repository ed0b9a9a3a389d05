# check: --strategy multi_worker_mirrored --workers 2 --replicas 1
"""A mean of measurements on two hosts, whose names come from a helper."""
import json
import os

import numpy as np
import tensorflow as tf


def join(addresses, index):
    cluster = {"worker": addresses}
    task = {"type": "worker", "index": index}
    os.environ["TF_CONFIG"] = json.dumps({"cluster": cluster, "task": task})  # expect: TB406


strategy = tf.distribute.MultiWorkerMirroredStrategy()
with strategy.scope():
    mean = tf.Variable(0.0, aggregation=tf.VariableAggregation.MEAN)
join(["localhost:12345", "localhost:23456"], int(os.environ.get("HOST_NUMBER", "0")))
values = np.linspace(1.0, 3.0, 16).astype("float32")


@tf.function
def train_step(batch):
    strategy.run(lambda: mean.assign_add(0.5 * (tf.reduce_mean(batch) - mean)))


for batch in values.reshape(4, 4):
    train_step(tf.constant(batch))
print("mean", mean.numpy().round(3))
