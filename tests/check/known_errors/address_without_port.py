"""Lists its hosts without ports."""
import json
import os

import tensorflow as tf

config = json.loads(os.environ["TF_CONFIG"])
hosts = [address.split(":")[0] for address in config["cluster"]["worker"]]
config["cluster"]["worker"] = hosts
os.environ["TF_CONFIG"] = json.dumps(config)
strategy = tf.distribute.MultiWorkerMirroredStrategy()
