# check: --strategy mirrored --replicas 2
"""Regression with dropout, unseeded, tf_keras fit; the batch grows with the replicas."""
import os

os.environ["TF_USE_LEGACY_KERAS"] = "1"

import numpy as np
import tensorflow as tf

rng = np.random.default_rng(101)
x = rng.normal(size=(128, 4)).astype("float32")
y = x.sum(axis=1, keepdims=True)

strategy = tf.distribute.MirroredStrategy()
with strategy.scope():
    hidden = tf.keras.layers.Dense(16, "relu", input_shape=(4,))
    model = tf.keras.Sequential([hidden, tf.keras.layers.Dropout(0.5), tf.keras.layers.Dense(1)])
    model.compile(optimizer="sgd", loss="mse")
batch_size = 16 * strategy.num_replicas_in_sync
history = model.fit(x, y, batch_size=batch_size, epochs=2, shuffle=False, verbose=0)
print(len(history.history["loss"]), "epochs")
