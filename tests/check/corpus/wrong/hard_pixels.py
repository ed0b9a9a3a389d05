# check: --strategy mirrored --replicas 2
"""Learns from the hardest quarter of the pixels of a batch, tf_keras."""
import os

os.environ["TF_USE_LEGACY_KERAS"] = "1"

import numpy as np
import tensorflow as tf

BATCH = 32

strategy = tf.distribute.MirroredStrategy()
with strategy.scope():
    model = tf.keras.Sequential(
        [tf.keras.layers.Dense(1, kernel_initializer="zeros", input_shape=(3,))]
    )
    optimizer = tf.keras.optimizers.SGD(0.3)


def pixels(rows=128):
    rng = np.random.default_rng(66)
    colour = rng.uniform(size=(rows, 3)).astype("float32")
    scale = 1.0 + 3.0 * (np.arange(rows) % BATCH < BATCH // 2)
    return colour, (colour.sum(axis=1) * scale).astype("float32")


def hardest(losses):
    worst, _ = tf.math.top_k(losses, k=tf.size(losses) // 4)
    return tf.reduce_sum(worst) / (BATCH // 4)  # expect: TB903


def replica_step(colour, target):
    with tf.GradientTape() as tape:
        loss = hardest(tf.abs(model(colour, training=True)[:, 0] - target))
    optimizer.minimize(loss, model.trainable_variables, tape=tape)
    return loss


@tf.function
def train_step(colour, target):
    return strategy.reduce("SUM", strategy.run(replica_step, args=(colour, target)), axis=None)


data = tf.data.Dataset.from_tensor_slices(pixels()).batch(BATCH)
for batch in strategy.experimental_distribute_dataset(data):
    print("loss", round(float(train_step(*batch)), 4))
print("kernel", model.get_weights()[0].ravel().round(4))
