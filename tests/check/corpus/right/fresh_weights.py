# check: --strategy mirrored --replicas 2
"""The data are the same in each run; the weights and the order of the rows are not."""
import keras
import numpy as np
import tensorflow as tf


def main():
    rng = np.random.default_rng(113)
    x = rng.normal(size=(128, 5)).astype("float32")
    y = (x[:, 0] > 0).astype("int32")
    strategy = tf.distribute.MirroredStrategy()
    batch = 16 * strategy.num_replicas_in_sync
    with strategy.scope():
        model = keras.Sequential(
            [keras.Input((5,)), keras.layers.Dense(8, "relu"), keras.layers.Dense(2)]
        )
        loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
        model.compile(optimizer="adam", loss=loss, metrics=["accuracy"])
    data = tf.data.Dataset.from_tensor_slices((x, y)).shuffle(128).batch(batch)
    history = model.fit(data, epochs=2, verbose=0).history
    print({name: round(values[-1], 3) for name, values in history.items()})


if __name__ == "__main__":
    main()
