"""Takes the name of its pod for the index."""
import json
import os

import tensorflow as tf

config = json.loads(os.environ["TF_CONFIG"])
pod = f"trainer-{config['task']['index']}"
config["task"] = {"type": "worker", "index": pod}
os.environ["TF_CONFIG"] = json.dumps(config)

strategy = tf.distribute.MultiWorkerMirroredStrategy()
