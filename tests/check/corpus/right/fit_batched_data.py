# check: --strategy mirrored --replicas 2
"""tf_keras fit with a dataset that is batched as on one device."""
import os

os.environ["TF_USE_LEGACY_KERAS"] = "1"

import numpy as np
import tensorflow as tf


def dataset(rows=128):
    rng = np.random.default_rng(98)
    x = rng.normal(size=(rows, 4)).astype("float32")
    y = (x[:, :1] > 0).astype("float32")
    return tf.data.Dataset.from_tensor_slices((x, y)).batch(16)


def main():
    strategy = tf.distribute.MirroredStrategy()
    with strategy.scope():
        dense = tf.keras.layers.Dense(
            1, activation="sigmoid", kernel_initializer="zeros", input_shape=(4,)
        )
        model = tf.keras.Sequential([dense])
        model.compile(optimizer="adam", loss="binary_crossentropy", metrics=["accuracy"])
    history = model.fit(dataset(), epochs=2, verbose=0)
    print({name: round(values[-1], 4) for name, values in history.history.items()})


if __name__ == "__main__":
    main()
