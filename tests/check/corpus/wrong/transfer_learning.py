# check: --strategy mirrored --replicas 2
# holds: keras=">=3,<3.16"
"""Fine-tunes the head of a network with Adam."""
import argparse

import keras
import numpy as np
import tensorflow as tf


def options():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--lr", type=float, default=0.02)
    parser.add_argument("--batch", type=int, default=8)
    parser.add_argument("--epochs", type=int, default=2)
    return parser.parse_args()


def network():
    inputs = keras.Input((6,))
    body = keras.layers.Dense(5, activation="tanh", trainable=False, name="body")(inputs)
    return keras.Model(inputs, keras.layers.Dense(3, name="head")(body))


def samples():
    rng = np.random.default_rng(66)
    y = rng.integers(0, 3, size=48)
    x = np.eye(3, 6)[y] + 0.2 * rng.normal(size=(48, 6))
    return x.astype("float32"), y.astype("int32")


def main(flags):
    keras.utils.set_random_seed(2)
    strategy = tf.distribute.MirroredStrategy()
    with strategy.scope():
        model = network()
        optimizer = keras.optimizers.Adam(flags.lr)

    def fine_tune(x, y):
        with tf.GradientTape() as tape:
            logits = model(x, training=True)
            each = tf.nn.sparse_softmax_cross_entropy_with_logits(labels=y, logits=logits)
            loss = tf.nn.compute_average_loss(each, global_batch_size=flags.batch)
        gradients = tape.gradient(loss, model.trainable_variables)
        optimizer.apply_gradients(zip(gradients, model.trainable_variables))
        return loss

    @tf.function
    def train_step(x, y):
        losses = strategy.run(fine_tune, args=(x, y))
        return strategy.reduce(tf.distribute.ReduceOp.SUM, losses, axis=None)

    dataset = tf.data.Dataset.from_tensor_slices(samples()).batch(flags.batch)
    for epoch in range(flags.epochs):
        for x, y in strategy.experimental_distribute_dataset(dataset):
            loss = train_step(x, y)  # expect: TB501
        print("epoch", epoch, "loss", float(loss))


if __name__ == "__main__":
    main(options())
