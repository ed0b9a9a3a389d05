import json
import os

import tensorflow as tf

alone = {"cluster": {"worker": ["localhost:2222"]}, "task": {"type": "worker", "index": 0}}
os.environ["TF_CONFIG"] = json.dumps(alone)  # TB405
strategy = tf.distribute.MultiWorkerMirroredStrategy()
print(strategy.num_replicas_in_sync, "replicas")
