# check: --strategy mirrored --replicas 2
# holds: keras=">=3"
"""Keeps smoothed weights beside the trained ones, and evaluates with those."""
from dataclasses import dataclass

import keras
import numpy as np
import tensorflow as tf


@dataclass
class Config:
    decay: float = 0.9
    lr: float = 0.1
    batch: int = 8
    steps: int = 5


class Smoother:
    """An exponential moving average of weights; make it in the scope of the weights."""

    def __init__(self, weights, decay):
        self.decay = decay
        self.weights = list(weights)
        self.shadows = [
            tf.Variable(
                tf.identity(w.value),
                trainable=False,
                aggregation=tf.VariableAggregation.MEAN,
            )
            for w in self.weights
        ]

    def update(self):
        for shadow, weight in zip(self.shadows, self.weights):
            shadow.assign(self.decay * shadow + (1.0 - self.decay) * weight.value)


def make_dataset(config):
    rng = np.random.default_rng(5)
    x = rng.normal(size=(config.batch * config.steps, 3)).astype("float32")
    y = x @ np.array([[1.0], [-2.0], [0.5]], dtype="float32")
    return tf.data.Dataset.from_tensor_slices((x, y)).batch(config.batch)


def main(config=Config()):
    keras.utils.set_random_seed(11)
    strategy = tf.distribute.MirroredStrategy()
    with strategy.scope():
        model = keras.Sequential([keras.layers.Input((3,)), keras.layers.Dense(1)])
        optimizer = keras.optimizers.SGD(config.lr)
        optimizer.build(model.trainable_variables)
        smoother = Smoother(model.trainable_variables, config.decay)

    def step(x, y):
        with tf.GradientTape() as tape:
            loss = tf.reduce_sum(tf.square(model(x, training=True) - y)) / config.batch
        grads = tape.gradient(loss, model.trainable_variables)
        optimizer.apply_gradients(zip(grads, model.trainable_variables))
        return loss

    @tf.function
    def train(x, y):
        return strategy.reduce("SUM", strategy.run(step, args=(x, y)), axis=None)

    @tf.function
    def smooth():
        strategy.run(smoother.update)

    for x, y in strategy.experimental_distribute_dataset(make_dataset(config)):
        print("loss", float(train(x, y)))
        smooth()
    model.set_weights([shadow.numpy() for shadow in smoother.shadows])
    print("smoothed kernel", model.get_weights()[0].ravel())


if __name__ == "__main__":
    main()
