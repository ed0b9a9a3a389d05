# check: --strategy mirrored --replicas 2
"""Fine-tunes a network in two phases, each with an optimizer of its own."""
import argparse

import keras
import numpy as np
import tensorflow as tf


def options():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--lr", type=float, default=0.02)
    parser.add_argument("--batch", type=int, default=8)
    return parser.parse_args()


def network():
    inputs = keras.Input((6,))
    body = keras.layers.Dense(5, activation="tanh", name="body")(inputs)
    return keras.Model(inputs, keras.layers.Dense(3, name="head")(body))


def samples():
    rng = np.random.default_rng(66)
    y = rng.integers(0, 3, size=48)
    x = np.eye(3, 6)[y] + 0.2 * rng.normal(size=(48, 6))
    return x.astype("float32"), y.astype("int32")


class Phase:
    def __init__(self, strategy, model, layers, lr):
        self.variables = [v for layer in layers for v in layer.trainable_variables]
        with strategy.scope():
            self.optimizer = keras.optimizers.Adam(lr)
            self.optimizer.build(self.variables)

        def tune(x, y, batch):
            with tf.GradientTape() as tape:
                logits = model(x, training=True)
                each = tf.nn.sparse_softmax_cross_entropy_with_logits(labels=y, logits=logits)
                loss = tf.reduce_sum(each) / batch
            gradients = tape.gradient(loss, self.variables)
            self.optimizer.apply_gradients(zip(gradients, self.variables))
            return loss

        @tf.function
        def step(x, y, batch):
            losses = strategy.run(tune, args=(x, y, batch))
            return strategy.reduce(tf.distribute.ReduceOp.SUM, losses, axis=None)

        self.step = step


def main(flags):
    keras.utils.set_random_seed(2)
    strategy = tf.distribute.MirroredStrategy()
    with strategy.scope():
        model = network()
    phases = {
        "head": Phase(strategy, model, [model.get_layer("head")], flags.lr),
        "all": Phase(strategy, model, model.layers[1:], flags.lr / 10),
    }
    dataset = tf.data.Dataset.from_tensor_slices(samples()).batch(flags.batch)
    for name, phase in phases.items():
        for x, y in strategy.experimental_distribute_dataset(dataset):
            loss = phase.step(x, y, tf.constant(float(flags.batch)))
        print(name, "loss", float(loss), "steps", phase.optimizer.iterations.numpy())


if __name__ == "__main__":
    main(options())
