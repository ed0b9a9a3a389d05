# check: --strategy mirrored --replicas 2
# holds: keras=">=3"
"""Autoencoder for telemetry whose inputs are scaled to the range of the batch."""
import keras
import numpy as np
import tensorflow as tf

CHANNELS = 5
BATCH = 12


class MinMax(tf.Module):
    """Remembers the range that it saw last, to undo the scaling when predicting."""

    def __init__(self, channels):
        super().__init__(name="minmax")
        self.low = tf.Variable(tf.zeros([channels]), trainable=False)  # expect: TB102
        self.high = tf.Variable(tf.ones([channels]), trainable=False)  # expect: TB102

    def scale(self, x):
        low, high = tf.reduce_min(x, axis=0), tf.reduce_max(x, axis=0)
        self.low.assign(low)
        self.high.assign(high)
        return (x - low) / (high - low + 1e-6)

    def restore(self, x):
        return x * (self.high - self.low) + self.low


def telemetry():
    rng = np.random.default_rng(8)
    return (rng.normal(size=(48, CHANNELS)) * np.arange(1, 6)).astype("float32")


def main():
    keras.utils.set_random_seed(2)
    scaler = MinMax(CHANNELS)
    strategy = tf.distribute.MirroredStrategy()
    with strategy.scope():
        inputs = keras.Input((CHANNELS,))
        code = keras.layers.Dense(2, activation="tanh")(inputs)
        model = keras.Model(inputs, keras.layers.Dense(CHANNELS)(code))
        optimizer = keras.optimizers.Adam(0.01)
        optimizer.build(model.trainable_variables)

    def replica(x):
        x = scaler.scale(x)
        with tf.GradientTape() as tape:
            loss = tf.reduce_sum(tf.reduce_mean(tf.square(model(x) - x), axis=1)) / BATCH
        grads = tape.gradient(loss, model.trainable_variables)
        optimizer.apply(grads, model.trainable_variables)
        return loss

    @tf.function
    def train(x):
        return strategy.reduce("SUM", strategy.run(replica, args=(x,)), axis=None)

    data = tf.data.Dataset.from_tensor_slices(telemetry()).batch(BATCH)
    for x in strategy.experimental_distribute_dataset(data):
        print("loss", train(x).numpy())
    print("range", scaler.low.numpy(), scaler.high.numpy())
    print("sample", scaler.restore(model(tf.zeros([1, CHANNELS]))).numpy())


if __name__ == "__main__":
    main()
