# check: --strategy mirrored --replicas 2
"""Loans of a library, learned by fit of tf_keras; the last of three batches has a single day."""

import numpy as np
import tensorflow as tf
import tf_keras as keras

rng = np.random.default_rng(61)
days = rng.normal(size=(17, 3)).astype("float32")
loans = days[:, :1] - days[:, 1:2] + 1.0
data = tf.data.Dataset.from_tensor_slices((days, loans)).batch(8)

strategy = tf.distribute.MirroredStrategy()
with strategy.scope():
    keras.utils.set_random_seed(3)
    model = keras.Sequential([keras.layers.Dense(1, input_shape=(3,))])
    model.compile(optimizer=keras.optimizers.SGD(0.05), loss="mse")
history = model.fit(data, epochs=2, verbose=0)  # note: TB705
print("loss", [round(each, 3) for each in history.history["loss"]])
