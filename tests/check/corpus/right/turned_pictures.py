# check: --strategy mirrored --replicas 2
"""Random layers of tf_keras flip and move pictures within the model, in fit."""
import os

os.environ["TF_USE_LEGACY_KERAS"] = "1"

import numpy as np
import tensorflow as tf


def build():
    layers = tf.keras.layers
    model = tf.keras.Sequential(
        [
            tf.keras.Input((6, 6, 1)),
            layers.RandomFlip("horizontal", seed=3),
            layers.RandomTranslation(0.1, 0.1),
            layers.Flatten(),
            layers.Dense(2),
        ]
    )
    loss = tf.keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(optimizer=tf.keras.optimizers.Adam(0.01), loss=loss)
    return model


rng = np.random.default_rng(105)
label = rng.integers(2, size=64)
pictures = (rng.normal(size=(64, 6, 6, 1)) + label[:, None, None, None]).astype("float32")
strategy = tf.distribute.MirroredStrategy()
with strategy.scope():
    model = build()
batch_size = 8 * strategy.num_replicas_in_sync
model.fit(pictures, label, batch_size=batch_size, epochs=1, verbose=0)
print("weights", [weight.shape for weight in model.get_weights()])
