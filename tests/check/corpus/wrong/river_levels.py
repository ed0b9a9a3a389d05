# check: --strategy multi_worker_mirrored --workers 2 --replicas 1
"""Levels of a river on several workers, tf_keras Adam; the loss is divided twice."""
import os

os.environ["TF_USE_LEGACY_KERAS"] = "1"

import numpy as np
import tensorflow as tf

EACH = 8


def levels(rows=96):
    rng = np.random.default_rng(54)
    rain = rng.gamma(2.0, size=(rows, 3)).astype("float32")
    return rain, (rain @ [[0.5], [0.3], [0.1]]).astype("float32")


def main():
    tf.keras.utils.set_random_seed(54)
    strategy = tf.distribute.MultiWorkerMirroredStrategy()
    replicas = strategy.num_replicas_in_sync
    batch = EACH * strategy.num_replicas_in_sync
    with strategy.scope():
        model = tf.keras.Sequential([tf.keras.layers.Dense(1, input_shape=(3,))])
        optimizer = tf.keras.optimizers.Adam(0.05, epsilon=0.1)

    def replica_step(x, y):
        with tf.GradientTape() as tape:
            errors = tf.square(model(x, training=True) - y)[:, 0]
            loss = tf.reduce_sum(errors) / batch / replicas  # expect: TB902
        gradients = tape.gradient(loss, model.trainable_variables)
        optimizer.apply_gradients(zip(gradients, model.trainable_variables))
        return loss

    @tf.function
    def train_step(x, y):
        return strategy.reduce("SUM", strategy.run(replica_step, args=(x, y)), axis=None)

    options = tf.data.Options()
    options.experimental_distribute.auto_shard_policy = tf.data.experimental.AutoShardPolicy.DATA
    data = tf.data.Dataset.from_tensor_slices(levels()).batch(batch).with_options(options)
    for x, y in strategy.experimental_distribute_dataset(data):
        loss = train_step(x, y)
    print(f"loss {float(loss):.4f} kernel {model.get_weights()[0].ravel().round(4)}")


main()
