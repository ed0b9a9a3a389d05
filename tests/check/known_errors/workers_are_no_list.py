"""Reads its hosts from a variable of the environment."""
import json
import os

import tensorflow as tf

given = json.loads(os.environ["TF_CONFIG"])
os.environ["WORKER_HOSTS"] = ",".join(given["cluster"]["worker"])

os.environ["TF_CONFIG"] = json.dumps({
    "cluster": {"worker": os.environ["WORKER_HOSTS"]},
    "task": given["task"],
})
strategy = tf.distribute.MultiWorkerMirroredStrategy()
