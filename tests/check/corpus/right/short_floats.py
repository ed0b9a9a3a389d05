# check: --strategy mirrored --replicas 2
"""Mixed precision with loss scaling; the loss is divided by the whole batch, tf_keras."""
import os

os.environ["TF_USE_LEGACY_KERAS"] = "1"

import numpy as np
import tensorflow as tf

keras = tf.keras
keras.mixed_precision.set_global_policy("mixed_float16")
BATCH = 16


def table(rows=64):
    rng = np.random.default_rng(42)
    x = rng.normal(size=(rows, 4)).astype("float32")
    return x, (x @ rng.normal(size=(4, 1))).astype("float32")


strategy = tf.distribute.MirroredStrategy()
with strategy.scope():
    model = keras.Sequential(
        [keras.layers.Dense(1, kernel_initializer="zeros", dtype="mixed_float16", input_shape=(4,))]
    )
    optimizer = keras.mixed_precision.LossScaleOptimizer(keras.optimizers.SGD(0.05))


def replica_step(x, y):
    with tf.GradientTape() as tape:
        guess = tf.cast(model(x, training=True), tf.float32)
        loss = tf.reduce_sum(tf.square(guess - y)) / BATCH
        scaled = optimizer.get_scaled_loss(loss)
    scaled_gradients = tape.gradient(scaled, model.trainable_variables)
    gradients = optimizer.get_unscaled_gradients(scaled_gradients)
    optimizer.apply_gradients(zip(gradients, model.trainable_variables))
    return loss


@tf.function
def train_step(x, y):
    return strategy.reduce("SUM", strategy.run(replica_step, args=(x, y)), axis=None)


data = tf.data.Dataset.from_tensor_slices(table()).batch(BATCH)
for x, y in strategy.experimental_distribute_dataset(data):
    print("loss", round(float(train_step(x, y)), 4))
print("kernel", model.get_weights()[0].ravel().round(3))
