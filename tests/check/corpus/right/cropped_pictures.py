# check: --strategy mirrored --replicas 2
"""Pictures are cropped at random by stateless seeds, the same in each run; tf_keras SGD."""
import os

os.environ["TF_USE_LEGACY_KERAS"] = "1"

import numpy as np
import tensorflow as tf

BATCH = 8


def cropped(number, picture):
    seed = tf.stack([tf.cast(number, tf.int32), 7])
    return tf.image.stateless_random_crop(picture, [4, 4, 1], seed)


tf.keras.utils.set_random_seed(104)
strategy = tf.distribute.MirroredStrategy()
with strategy.scope():
    model = tf.keras.Sequential(
        [tf.keras.layers.Flatten(input_shape=(4, 4, 1)), tf.keras.layers.Dense(1)]
    )
    optimizer = tf.keras.optimizers.SGD(0.02, momentum=0.9)


def replica_step(picture):
    wanted = tf.reduce_mean(picture, axis=[1, 2])
    with tf.GradientTape() as tape:
        errors = tf.square(model(picture, training=True) - wanted)[:, 0]
        loss = tf.nn.compute_average_loss(errors, global_batch_size=BATCH)
    optimizer.minimize(loss, model.trainable_variables, tape=tape)
    return loss


@tf.function
def train_step(picture):
    return strategy.reduce("SUM", strategy.run(replica_step, args=(picture,)), axis=None)


pictures = np.random.default_rng(104).normal(size=(48, 6, 6, 1)).astype("float32")
data = tf.data.Dataset.from_tensor_slices(pictures).enumerate().map(cropped).batch(BATCH)
for picture in strategy.experimental_distribute_dataset(data):
    print("loss", round(float(train_step(picture)), 4))
