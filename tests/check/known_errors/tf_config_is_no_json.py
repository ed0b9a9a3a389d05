"""Describes its cluster from a dict, as text."""
import json
import os

import tensorflow as tf

HOSTS = json.loads(os.environ["TF_CONFIG"])["cluster"]["worker"]
RANK = json.loads(os.environ["TF_CONFIG"])["task"]["index"]

os.environ["TF_CONFIG"] = f"{ {'cluster': {'worker': HOSTS}, 'task': {'type': 'worker', 'index': RANK}} }"
strategy = tf.distribute.MultiWorkerMirroredStrategy()
print("replicas", strategy.num_replicas_in_sync)
