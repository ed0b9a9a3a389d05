# check: --strategy multi_worker_mirrored --workers 2 --replicas 1
"""A filter with a penalty on roughness, on several workers, tf_keras optimizer."""
import os

os.environ["TF_USE_LEGACY_KERAS"] = "1"

import numpy as np
import tensorflow as tf

BATCH = 8


def signals(rows=48, taps=5):
    rng = np.random.default_rng(85)
    x = rng.normal(size=(rows, taps)).astype("float32")
    return x, (x @ [0.1, 0.8, 0.1, 0.7, 0.0])[:, None].astype("float32")


def roughness(taps):
    return tf.reduce_sum(tf.square(taps[1:] - taps[:-1]))


def main():
    strategy = tf.distribute.MultiWorkerMirroredStrategy()
    with strategy.scope():
        taps = tf.Variable(tf.zeros([5, 1]))
        optimizer = tf.keras.optimizers.Adam(0.05)

    def replica_step(x, y):
        with tf.GradientTape() as tape:
            errors = tf.square(tf.matmul(x, taps) - y)[:, 0]
            loss = tf.nn.compute_average_loss(errors, global_batch_size=BATCH)  # expect: TB903
            loss = loss + 0.5 * roughness(taps)
        optimizer.apply_gradients([(tape.gradient(loss, taps), taps)])

    options = tf.data.Options()
    options.experimental_distribute.auto_shard_policy = tf.data.experimental.AutoShardPolicy.DATA
    data = tf.data.Dataset.from_tensor_slices(signals()).batch(BATCH).with_options(options)
    train_step = tf.function(lambda x, y: strategy.run(replica_step, args=(x, y)))
    for x, y in strategy.experimental_distribute_dataset(data):
        train_step(x, y)
    print("taps", taps.numpy().ravel().round(4))


if __name__ == "__main__":
    main()
