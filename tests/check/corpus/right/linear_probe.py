# check: --strategy multi_worker_mirrored --workers 2 --replicas 1
"""Trains a head on top of an encoder that stays as it is; each has a factory."""
import os

os.environ["TF_USE_LEGACY_KERAS"] = "1"

import numpy as np
import tensorflow as tf

BATCH, PIXELS = 8, 10
MODELS = {}


def model(name):
    """Made when it is asked for first."""
    if name not in MODELS:
        width, inputs = {"encoder": (6, PIXELS), "head": (2, 6)}[name]
        MODELS[name] = tf.keras.Sequential([tf.keras.layers.Dense(width, use_bias=False)])
        MODELS[name].build((None, inputs))
    return MODELS[name]


def data():
    rng = np.random.default_rng(55)
    x = rng.normal(size=(BATCH * 4, PIXELS)).astype("float32")
    return x, (x[:, 0] > 0).astype("int32")


def replica_step(x, y, optimizer):
    codes = tf.nn.tanh(model("encoder")(x, training=False))
    with tf.GradientTape() as tape:
        logits = model("head")(codes, training=True)
        each = tf.nn.sparse_softmax_cross_entropy_with_logits(labels=y, logits=logits)
        loss = tf.nn.compute_average_loss(each, global_batch_size=BATCH)
    optimizer.minimize(loss, model("head").trainable_variables, tape=tape)
    return loss


def main():
    strategy = tf.distribute.MultiWorkerMirroredStrategy()
    with strategy.scope():
        model("encoder").trainable = False
        model("head")
        optimizer = tf.keras.optimizers.SGD(0.5)

    @tf.function
    def train_step(x, y):
        losses = strategy.run(replica_step, args=(x, y, optimizer))
        return strategy.reduce("SUM", losses, axis=None)

    options = tf.data.Options()
    options.experimental_distribute.auto_shard_policy = tf.data.experimental.AutoShardPolicy.DATA
    dataset = tf.data.Dataset.from_tensor_slices(data()).batch(BATCH).with_options(options)
    for epoch in range(2):
        for x, y in strategy.experimental_distribute_dataset(dataset):
            loss = train_step(x, y)
        print("epoch", epoch, "loss", float(loss))


main()
