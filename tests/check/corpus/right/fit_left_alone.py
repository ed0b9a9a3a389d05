# check: --strategy mirrored --replicas 2
"""Keras 3 fit; the batch is what it was on one device, so each replica gets half of it."""
import keras
import numpy as np
import tensorflow as tf

rng = np.random.default_rng(97)
x = rng.uniform(size=(256, 8)).astype("float32")
y = x.sum(axis=1, keepdims=True)

strategy = tf.distribute.MirroredStrategy()
with strategy.scope():
    hidden = keras.layers.Dense(16, "relu", kernel_initializer=keras.initializers.HeUniform(1))
    head = keras.layers.Dense(1, kernel_initializer=keras.initializers.HeUniform(2))
    model = keras.Sequential([keras.Input((8,)), hidden, head])
    model.compile(optimizer="sgd", loss="mse")
history = model.fit(x, y, batch_size=32, epochs=2, shuffle=False, verbose=0)
print("loss", [round(each, 4) for each in history.history["loss"]])
