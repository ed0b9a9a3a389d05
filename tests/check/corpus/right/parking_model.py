# check: --strategy multi_worker_mirrored --workers 2 --replicas 1
"""Free places by the hour on several workers, tf_keras RMSprop, a loop of its own."""
import os

os.environ["TF_USE_LEGACY_KERAS"] = "1"

import numpy as np
import tensorflow as tf

BATCH = 16


def counts(rows=64):
    rng = np.random.default_rng(37)
    hour = rng.uniform(0, 24, size=(rows, 1)).astype("float32")
    x = np.concatenate([np.sin(hour / 12 * np.pi), np.cos(hour / 12 * np.pi)], axis=1)
    return x.astype("float32"), (20 + 8 * x[:, :1]).astype("float32")


def main():
    strategy = tf.distribute.MultiWorkerMirroredStrategy()
    with strategy.scope():
        model = tf.keras.Sequential(
            [tf.keras.layers.Dense(1, kernel_initializer="zeros", input_shape=(2,))]
        )
        optimizer = tf.keras.optimizers.SGD(0.05)

    @tf.function
    def train_step(x, y):
        def replica_step(x, y):
            with tf.GradientTape() as tape:
                guess = model(x, training=True)
                errors = tf.reduce_sum(tf.abs(guess - y), axis=1)
                loss = tf.nn.compute_average_loss(errors, global_batch_size=BATCH)
            grads = tape.gradient(loss, model.trainable_variables)
            optimizer.apply_gradients(zip(grads, model.trainable_variables))
            return loss

        return strategy.reduce("SUM", strategy.run(replica_step, args=(x, y)), axis=None)

    options = tf.data.Options()
    options.experimental_distribute.auto_shard_policy = tf.data.experimental.AutoShardPolicy.DATA
    data = tf.data.Dataset.from_tensor_slices(counts()).batch(BATCH).with_options(options)
    for x, y in strategy.experimental_distribute_dataset(data):
        loss = train_step(x, y)
    print(f"loss {float(loss):.4f} bias {float(model.get_weights()[1][0]):.4f}")


if __name__ == "__main__":
    main()
