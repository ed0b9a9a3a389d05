# check: --strategy mirrored --replicas 2
"""Keras 3 fit; the batch grows with the replicas."""
import keras
import numpy as np
import tensorflow as tf

rng = np.random.default_rng(97)
x = rng.uniform(size=(256, 8)).astype("float32")
y = x.sum(axis=1, keepdims=True)

strategy = tf.distribute.MirroredStrategy()
with strategy.scope():
    model = keras.Sequential([keras.Input((8,)), keras.layers.Dense(1, kernel_initializer="zeros")])
    model.compile(optimizer="sgd", loss="mse")
batch_size = 32 * strategy.num_replicas_in_sync
history = model.fit(x, y, batch_size=batch_size, epochs=2, shuffle=False, verbose=0)
print("loss", [round(each, 4) for each in history.history["loss"]])
