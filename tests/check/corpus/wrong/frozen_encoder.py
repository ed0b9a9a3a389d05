# check: --strategy multi_worker_mirrored --workers 2 --replicas 1
"""Trains a head on top of an encoder that stays as it is."""
import os

os.environ["TF_USE_LEGACY_KERAS"] = "1"

import numpy as np
import tensorflow as tf

BATCH, PIXELS = 8, 10


def make_encoder():
    encoder = tf.keras.Sequential([tf.keras.layers.Dense(6, activation="tanh", use_bias=False)])
    encoder.build((None, PIXELS))  # expect: TB104
    encoder.trainable = False
    return encoder


def make_head():
    head = tf.keras.Sequential([tf.keras.layers.Dense(2)])
    head.build((None, 6))
    return head


def data():
    rng = np.random.default_rng(55)
    x = rng.normal(size=(BATCH * 4, PIXELS)).astype("float32")
    return x, (x[:, 0] > 0).astype("int32")


def main():
    strategy = tf.distribute.MultiWorkerMirroredStrategy()
    encoder = make_encoder()
    with strategy.scope():
        head = make_head()
        optimizer = tf.keras.optimizers.SGD(0.5)
        loss_sum = tf.keras.losses.SparseCategoricalCrossentropy(
            from_logits=True, reduction=tf.keras.losses.Reduction.SUM
        )

    def replica_step(x, y):
        codes = encoder(x, training=False)
        with tf.GradientTape() as tape:
            loss = loss_sum(y, head(codes, training=True)) / BATCH
        optimizer.minimize(loss, head.trainable_variables, tape=tape)
        return loss

    @tf.function
    def train_step(x, y):
        return strategy.reduce("SUM", strategy.run(replica_step, args=(x, y)), axis=None)

    options = tf.data.Options()
    options.experimental_distribute.auto_shard_policy = tf.data.experimental.AutoShardPolicy.DATA
    dataset = tf.data.Dataset.from_tensor_slices(data()).batch(BATCH).with_options(options)
    for epoch in range(2):
        for x, y in strategy.experimental_distribute_dataset(dataset):
            loss = train_step(x, y)
        print("epoch", epoch, "loss", float(loss))


main()
