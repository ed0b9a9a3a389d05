# check: --strategy mirrored --replicas 2
"""Takes the output bias from the statistics of the first batch, then trains."""
import keras
import numpy as np
import tensorflow as tf

BATCH = 10


def load():
    x = np.random.default_rng(30).normal(size=(40, 4)).astype("float32")
    return x, (x.sum(axis=1, keepdims=True) + 5).astype("float32")


class WarmStart:
    def __init__(self, strategy):
        self.strategy = strategy
        with strategy.scope():
            inputs = keras.Input((4,))
            self.model = keras.Model(inputs, keras.layers.Dense(1, use_bias=False)(inputs))
            self.offset = tf.Variable([0.0], trainable=False, name="offset")
            self.optimizer = keras.optimizers.SGD(0.05)
            self.optimizer.build(self.model.trainable_variables)

    @tf.function
    def batch_mean(self, y):
        means = self.strategy.run(lambda y: tf.reduce_mean(y, axis=0), args=(y,))
        return self.strategy.reduce("MEAN", means, axis=None)

    def _replica_step(self, x, y):
        with tf.GradientTape() as tape:
            error = self.model(x, training=True) + self.offset - y
            loss = tf.reduce_sum(tf.square(error)) / BATCH
        grads = tape.gradient(loss, self.model.trainable_variables)
        self.optimizer.apply_gradients(zip(grads, self.model.trainable_variables))
        return loss

    @tf.function
    def step(self, x, y):
        losses = self.strategy.run(self._replica_step, args=(x, y))
        return self.strategy.reduce("SUM", losses, axis=None)


def main():
    keras.utils.set_random_seed(8)
    trainer = WarmStart(tf.distribute.MirroredStrategy())
    dataset = tf.data.Dataset.from_tensor_slices(load()).batch(BATCH)
    for number, (x, y) in enumerate(trainer.strategy.experimental_distribute_dataset(dataset)):
        if number == 0:
            trainer.offset.assign(trainer.batch_mean(y))
        print("loss", float(trainer.step(x, y)))
    print("offset", trainer.offset.numpy())


main()
