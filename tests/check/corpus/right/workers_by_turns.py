# check: --strategy multi_worker_mirrored --workers 2 --replicas 1
"""tf_keras fit on several workers, dropout, a batch of each worker and a rate that falls."""
import os

os.environ["TF_USE_LEGACY_KERAS"] = "1"

import numpy as np
import tensorflow as tf


def main():
    strategy = tf.distribute.MultiWorkerMirroredStrategy()
    batch = 8 * strategy.num_replicas_in_sync
    rng = np.random.default_rng(115)
    x = rng.normal(size=(96, 4)).astype("float32")
    y = (x @ np.ones((4, 1))).astype("float32")
    options = tf.data.Options()
    options.experimental_distribute.auto_shard_policy = tf.data.experimental.AutoShardPolicy.DATA
    data = tf.data.Dataset.from_tensor_slices((x, y)).batch(batch).with_options(options)
    with strategy.scope():
        layers = tf.keras.layers
        model = tf.keras.Sequential(
            [layers.Dense(8, "relu", input_shape=(4,)), layers.Dropout(0.2), layers.Dense(1)]
        )
        rate = tf.keras.optimizers.schedules.ExponentialDecay(0.05, 4, 0.8)
        model.compile(optimizer=tf.keras.optimizers.SGD(rate, momentum=0.9), loss="mse")
    model.fit(data, epochs=2, verbose=0)
    print("steps", int(model.optimizer.iterations.numpy()))


if __name__ == "__main__":
    main()
