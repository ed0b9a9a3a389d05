# check: --strategy multi_worker_mirrored --workers 2 --replicas 1
"""compile and fit on several workers, with a schedule and early stopping."""
import os

os.environ["TF_USE_LEGACY_KERAS"] = "1"

import numpy as np
import tensorflow as tf


class ChiefPrinter(tf.keras.callbacks.Callback):
    def __init__(self, chief):
        super().__init__()
        self.chief = chief
        self.best = np.inf

    def on_epoch_end(self, epoch, logs=None):
        self.best = min(self.best, logs["loss"])
        if self.chief:
            print(f"epoch {epoch}: {logs['loss']:.4f}, best {self.best:.4f}")


def dataset(rows=48, batch=12):
    rng = np.random.default_rng(80)
    x = rng.normal(size=(rows, 3)).astype("float32")
    y = (x @ np.array([[1.0], [-1.0], [0.5]])).astype("float32")
    options = tf.data.Options()
    options.experimental_distribute.auto_shard_policy = tf.data.experimental.AutoShardPolicy.DATA
    return tf.data.Dataset.from_tensor_slices((x, y)).batch(batch).with_options(options)


def schedule(epoch, lr):
    return lr if epoch < 1 else lr * 0.5


def main():
    strategy = tf.distribute.MultiWorkerMirroredStrategy()
    chief = (strategy.cluster_resolver.task_id or 0) == 0
    with strategy.scope():
        model = tf.keras.Sequential(
            [
                tf.keras.layers.Dense(4, activation="relu", input_shape=(3,)),
                tf.keras.layers.Dense(1),
            ]
        )
        model.compile(optimizer=tf.keras.optimizers.Adam(0.05), loss="mse")
    model.fit(
        dataset(),
        epochs=3,
        verbose=0,
        callbacks=[
            ChiefPrinter(chief),
            tf.keras.callbacks.LearningRateScheduler(schedule),
            tf.keras.callbacks.EarlyStopping("loss", patience=1),
        ],
    )
    norm = sum(float(np.abs(w).sum()) for w in model.get_weights())
    print(f"sum of weights {norm:.4f}")


if __name__ == "__main__":
    main()
