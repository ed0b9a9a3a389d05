"""Numbers its nodes from one, as their names are."""
import json
import os

import tensorflow as tf

config = json.loads(os.environ["TF_CONFIG"])
nodes = dict(zip(("node1", "node2"), config["cluster"]["worker"]))
node = f"node{config['task']['index'] + 1}"

config["task"]["index"] = int(node.removeprefix("node")) + 1
os.environ["TF_CONFIG"] = json.dumps(config)
strategy = tf.distribute.MultiWorkerMirroredStrategy()
