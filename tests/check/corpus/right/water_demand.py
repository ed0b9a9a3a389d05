# check: --strategy mirrored --replicas 2
# holds: keras=">=3"
"""Keras 3 fit with a loss function that returns one number for each row."""
import keras
import numpy as np
import tensorflow as tf

strategy = tf.distribute.MirroredStrategy()


def mean_squared(y_true, y_pred):
    return keras.ops.mean(keras.ops.square(y_true - y_pred), axis=-1)


def demand(rows=256):
    rng = np.random.default_rng(34)
    x = rng.normal(size=(rows, 5)).astype("float32")
    return x, x.sum(axis=1, keepdims=True)


with strategy.scope():
    model = keras.Sequential([keras.Input((5,)), keras.layers.Dense(1, kernel_initializer="zeros")])
    model.compile(optimizer=keras.optimizers.SGD(0.01), loss=mean_squared)

x, y = demand()
history = model.fit(x, y, batch_size=64, epochs=1, shuffle=False, verbose=0)
print("loss", round(history.history["loss"][-1], 4))
print("kernel", model.get_weights()[0].ravel().round(4))
