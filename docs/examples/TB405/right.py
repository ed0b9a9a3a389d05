import json
import os

import tensorflow as tf

alone = {"cluster": {"worker": ["localhost:2222"]}, "task": {"type": "worker", "index": 0}}
if "TF_CONFIG" not in os.environ:
    os.environ["TF_CONFIG"] = json.dumps(alone)
strategy = tf.distribute.MultiWorkerMirroredStrategy()
print(strategy.num_replicas_in_sync, "replicas")
