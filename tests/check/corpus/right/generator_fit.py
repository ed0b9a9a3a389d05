# check: --strategy mirrored --replicas 2
"""Keras 3 fit on a generator: each epoch ends when the step finds no more data."""
import keras
import numpy as np
import tensorflow as tf


def samples():
    rng = np.random.default_rng(5)
    for _ in range(40):
        x = rng.random(4, dtype="float32")
        yield x, x.sum(keepdims=True)


signature = (tf.TensorSpec([4], tf.float32), tf.TensorSpec([1], tf.float32))
data = tf.data.Dataset.from_generator(samples, output_signature=signature).batch(8)
strategy = tf.distribute.MirroredStrategy()
with strategy.scope():
    model = keras.Sequential([keras.Input([4]), keras.layers.Dense(1, kernel_initializer="zeros")])
    model.compile(keras.optimizers.SGD(0.1), "mse")
losses = model.fit(data, epochs=3, verbose=0).history["loss"]
print(len(losses), "epochs, better:", losses[-1] < losses[0])
