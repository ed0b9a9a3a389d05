# check: --strategy multi_worker_mirrored --workers 2 --replicas 1
"""Describes its cluster itself where no launcher has, and on other ports where one has."""
import json
import os

ADDRESSES = ["localhost:12345"]
if "TF_CONFIG" not in os.environ:
    task = {"type": "worker", "index": 0}
    os.environ["TF_CONFIG"] = json.dumps({"cluster": {"worker": ADDRESSES}, "task": task})
given = json.loads(os.environ["TF_CONFIG"])
if len(given["cluster"]["worker"]) > 1:
    # The rank is the launcher's; the order of the hosts is the program's own.
    given["cluster"]["worker"].reverse()
    given["task"]["index"] = len(given["cluster"]["worker"]) - 1 - given["task"]["index"]
    os.environ["TF_CONFIG"] = json.dumps(given)

import tensorflow as tf

strategy = tf.distribute.MultiWorkerMirroredStrategy()
with strategy.scope():
    total = tf.Variable(0.0, aggregation=tf.VariableAggregation.SUM)


@tf.function
def train_step():
    strategy.run(lambda: total.assign_add(1.0))


for _ in range(4):
    train_step()
print("steps of all replicas:", int(total.numpy()) // strategy.num_replicas_in_sync)
