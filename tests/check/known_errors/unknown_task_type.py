"""Describes its tasks by the name of the job."""
import json
import os

import tensorflow as tf

config = json.loads(os.environ["TF_CONFIG"])
job = "train"
described = {"cluster": {job: config["cluster"]["worker"]}, "task": {"type": job, "index": config["task"]["index"]}}
os.environ["TF_CONFIG"] = json.dumps(described)

strategy = tf.distribute.MultiWorkerMirroredStrategy()
