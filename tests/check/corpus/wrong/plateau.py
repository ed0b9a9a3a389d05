# check: --strategy multi_worker_mirrored --workers 2 --replicas 1
"""Watches for the plateau of a training: how long the loss has not been better."""
import os

os.environ["TF_USE_LEGACY_KERAS"] = "1"

import numpy as np
import tensorflow as tf

BATCH = 8


class Plateau:
    def __init__(self, min_delta=0.01):
        self.best = tf.Variable(1e9, trainable=False, name="best_loss")  # expect: TB202
        self.min_delta = min_delta
        self.since = 0

    def see(self, loss):
        if loss < self.best.numpy() - self.min_delta:
            self.best.assign(loss)
            self.since = 0
        else:
            self.since += 1
            print("no better for", self.since, "steps")


def local_mean(strategy, losses):
    """The mean over this worker's replicas."""
    return float(np.mean([loss.numpy() for loss in strategy.experimental_local_results(losses)]))


def data():
    rng = np.random.default_rng(0)
    x = rng.normal(size=(64, 2)).astype("float32")
    noise = np.where(np.arange(64) % 2, 2.0, 0.0)
    return x, (x[:, :1] - x[:, 1:] + noise[:, None] * rng.normal(size=(64, 1))).astype("float32")


def main():
    tf.keras.utils.set_random_seed(20)
    strategy = tf.distribute.MultiWorkerMirroredStrategy()
    with strategy.scope():
        model = tf.keras.Sequential([tf.keras.layers.Dense(1, input_shape=(2,))])
        optimizer = tf.keras.optimizers.SGD(0.2)
        plateau = Plateau()

    def replica_step(x, y):
        with tf.GradientTape() as tape:
            each = tf.reduce_mean(tf.square(model(x, training=True) - y), axis=1)
            loss = tf.nn.compute_average_loss(each, global_batch_size=BATCH)
        optimizer.minimize(loss, model.trainable_variables, tape=tape)
        return tf.reduce_mean(each)

    @tf.function
    def train_step(x, y):
        return strategy.run(replica_step, args=(x, y))

    options = tf.data.Options()
    options.experimental_distribute.auto_shard_policy = tf.data.experimental.AutoShardPolicy.DATA
    dataset = tf.data.Dataset.from_tensor_slices(data()).batch(BATCH).with_options(options)
    for x, y in strategy.experimental_distribute_dataset(dataset):
        loss = local_mean(strategy, train_step(x, y))
        print(f"loss {loss:.4f}")
        plateau.see(loss)
    print("best", plateau.best.numpy(), "kernel", model.get_weights()[0].ravel())


main()
