# check: --strategy multi_worker_mirrored --workers 2 --replicas 1
"""Starts as notebooks on several workers do, which set TF_CONFIG in a later cell."""
import json
import os

ADDRESSES = ["localhost:12345", "localhost:23456"]
tf_config = {"cluster": {"worker": ADDRESSES}, "task": {"type": "worker", "index": 0}}
print("this will be worker", tf_config["task"]["index"], "of", len(ADDRESSES))
os.environ.pop("TF_CONFIG", None)  # expect: TB405
print("TF_CONFIG is not needed yet:", json.dumps(tf_config))

import tensorflow as tf

strategy = tf.distribute.MultiWorkerMirroredStrategy()
with strategy.scope():
    weight = tf.Variable(tf.random.normal([3]), name="weight")


@tf.function
def train_step():
    strategy.run(lambda: weight.assign_sub(0.1 * weight))


for _ in range(4):
    train_step()
print("trained on", strategy.num_replicas_in_sync, "replica")
