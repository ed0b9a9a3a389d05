# check: --strategy mirrored --replicas 2
"""Trains a small classifier; the strategy was added later, to make it faster."""
import numpy as np
import tensorflow as tf

tf.keras.utils.set_random_seed(5)


def build():
    model = tf.keras.Sequential(
        [
            tf.keras.Input([8]),
            tf.keras.layers.Dense(16, activation="relu"),
            tf.keras.layers.Dense(3),
        ]
    )
    model.compile(
        optimizer=tf.keras.optimizers.Adam(0.01),
        loss=tf.keras.losses.SparseCategoricalCrossentropy(from_logits=True),
    )
    return model


def samples():
    rng = np.random.default_rng(2)
    x = rng.normal(size=(96, 8)).astype("float32")
    return x, np.argmax(x[:, :3], axis=1)


strategy = tf.distribute.MirroredStrategy()  # expect: TB107
print("replicas", strategy.num_replicas_in_sync)
model = build()
x, y = samples()
history = model.fit(x, y, batch_size=32, epochs=2, verbose=0)
print("loss", [round(loss, 3) for loss in history.history["loss"]])
