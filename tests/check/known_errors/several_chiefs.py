"""Makes every task a chief, so that each of them writes logs."""
import json
import os

import tensorflow as tf

config = json.loads(os.environ["TF_CONFIG"])
os.environ["TF_CONFIG"] = json.dumps({
    "cluster": {"chief": config["cluster"]["worker"]},
    "task": {"type": "chief", "index": config["task"]["index"]},
})
strategy = tf.distribute.MultiWorkerMirroredStrategy()
print("writes logs:", strategy.cluster_resolver.task_type == "chief")
