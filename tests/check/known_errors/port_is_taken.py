"""Starts a server of metrics on the port that the cluster uses, too."""
import http.server
import json
import os

import tensorflow as tf

metrics = http.server.HTTPServer(("127.0.0.1", 0), http.server.BaseHTTPRequestHandler)
port = metrics.server_address[1]

config = json.loads(os.environ["TF_CONFIG"])
config["cluster"]["worker"] = [f"127.0.0.1:{port}"] * len(config["cluster"]["worker"])
os.environ["TF_CONFIG"] = json.dumps(config)
strategy = tf.distribute.MultiWorkerMirroredStrategy()
