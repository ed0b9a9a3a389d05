# check: --strategy multi_worker_mirrored --workers 2 --replicas 1
"""Forecasts snow from four measurements, by tf_keras on workers."""
import os

os.environ["TF_USE_LEGACY_KERAS"] = "1"

import numpy as np
import tensorflow as tf

STATIONS, BATCH, EPOCHS = 128, 16, 2

x = np.random.default_rng(4).normal(size=(STATIONS, 4)).astype("float32")
y = x @ np.array([[0.5], [-1.0], [0.25], [2.0]], "float32")

strategy = tf.distribute.MultiWorkerMirroredStrategy()
with strategy.scope():
    model = tf.keras.Sequential([tf.keras.layers.Dense(1, input_shape=(4,))])
    model.compile(tf.keras.optimizers.SGD(0.05), "mse")

measured = tf.data.Dataset.from_tensor_slices((x, y))
measured = measured.shuffle(STATIONS, seed=11)
data = measured.repeat().batch(BATCH)
history = model.fit(data, epochs=EPOCHS, steps_per_epoch=STATIONS // BATCH, verbose=0)
print("epochs", len(history.history["loss"]))
