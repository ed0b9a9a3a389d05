# check: --strategy mirrored --replicas 2
"""Keras 3 fit that stops when the validation loss is no better."""
import keras
import numpy as np
import tensorflow as tf


def rows(count, seed):
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(count, 3)).astype("float32")
    return x, x.sum(axis=1, keepdims=True) + rng.normal(size=(count, 1)).astype("float32")


def main():
    strategy = tf.distribute.MirroredStrategy()
    with strategy.scope():
        dense = keras.layers.Dense(1, kernel_initializer="zeros")
        model = keras.Sequential([keras.Input((3,)), dense])
        model.compile(optimizer=keras.optimizers.SGD(0.2), loss="mse")
    batch = 16 * strategy.num_replicas_in_sync
    history = model.fit(
        *rows(96, 110),
        batch_size=batch,
        epochs=12,
        shuffle=False,
        validation_data=rows(32, 111),
        callbacks=[keras.callbacks.EarlyStopping(patience=1, min_delta=0.02)],
        verbose=0,
    )
    losses = history.history["val_loss"]
    print(len(losses), "epochs", round(losses[-1], 4))


if __name__ == "__main__":
    main()
