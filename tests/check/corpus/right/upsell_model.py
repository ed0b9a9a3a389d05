# check: --strategy mirrored --replicas 2
"""Predicts which customers buy more, tf_keras; the loss is divided by the batch of all replicas."""
import os

os.environ["TF_USE_LEGACY_KERAS"] = "1"

import numpy as np
import tensorflow as tf

keras = tf.keras


class UpsellLoss:
    def __init__(self, batch_size):
        self.batch_size = batch_size
        reduction = keras.losses.Reduction.SUM
        self.cross_entropy = keras.losses.BinaryCrossentropy(from_logits=True, reduction=reduction)

    def __call__(self, labels, logits):
        return self.cross_entropy(labels, logits) / self.batch_size


def customers(rows=120):
    rng = np.random.default_rng(36)
    x = rng.normal(size=(rows, 4)).astype("float32")
    return x, (x[:, :1] + x[:, 1:2] > 0.3).astype("float32")


def main():
    keras.utils.set_random_seed(36)
    strategy = tf.distribute.MirroredStrategy()
    with strategy.scope():
        model = keras.Sequential([keras.layers.Dense(1, input_shape=(4,))])
        optimizer = keras.optimizers.SGD(0.1, momentum=0.9, nesterov=True)
        loss_fn = UpsellLoss(batch_size=24)

    def replica_step(x, y):
        with tf.GradientTape() as tape:
            loss = loss_fn(y, model(x, training=True))
        optimizer.minimize(loss, model.trainable_variables, tape=tape)
        return loss

    @tf.function
    def train_step(x, y):
        return strategy.reduce("SUM", strategy.run(replica_step, args=(x, y)), axis=None)

    data = tf.data.Dataset.from_tensor_slices(customers()).batch(24)
    for x, y in strategy.experimental_distribute_dataset(data):
        loss = train_step(x, y)
        print("loss", round(float(loss), 4))
    print("kernel", model.get_weights()[0].ravel().round(4))


main()
