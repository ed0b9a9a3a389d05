# check: --strategy mirrored --replicas 2
# holds: keras=">=3"
"""Damage by storms, Keras 3 fit; the optimizer limits the norm of each gradient."""
import keras
import numpy as np
import tensorflow as tf


def storms(rows=128):
    rng = np.random.default_rng(59)
    wind = rng.exponential(size=(rows, 2)).astype("float32")
    damage = 10 * wind[:, :1] ** 2
    damage[::16] *= 10
    return wind, damage


def compiled():
    model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1, kernel_initializer="zeros")])
    optimizer = keras.optimizers.SGD(0.5, clipnorm=1.0)  # expect: TB903
    model.compile(optimizer=optimizer, loss="mse")
    return model


def main():
    strategy = tf.distribute.MirroredStrategy()
    with strategy.scope():
        model = compiled()
    wind, damage = storms()
    model.fit(wind, damage, batch_size=32, epochs=2, shuffle=False, verbose=0)
    print("kernel", model.get_weights()[0].ravel().round(4))


if __name__ == "__main__":
    main()
