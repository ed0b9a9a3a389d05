# check: --strategy mirrored --replicas 2
"""Keras 3 fit on rows that do not fill the last batch."""
import keras
import numpy as np
import tensorflow as tf

rng = np.random.default_rng(108)
x = rng.normal(size=(102, 3)).astype("float32")
y = x @ np.array([[1.0], [2.0], [3.0]], "float32")

strategy = tf.distribute.MirroredStrategy()
with strategy.scope():
    model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(1, kernel_initializer="zeros")])
    model.compile(optimizer=keras.optimizers.Adam(0.1), loss="mae", metrics=["mse"])
batch = 16 * strategy.num_replicas_in_sync
model.fit(x, y, batch_size=batch, epochs=2, shuffle=False, verbose=0)
print("kernel", model.get_weights()[0].ravel().round(4))
