# check: --strategy mirrored --replicas 2
# holds: keras=">=3"
"""Autoencoder for telemetry whose inputs are scaled to the range of the first rows."""
import keras
import numpy as np
import tensorflow as tf

CHANNELS, BATCH = 5, 12


class MinMax(tf.Module):
    def __init__(self, channels):
        super().__init__(name="minmax")
        self.low = tf.Variable(tf.zeros([channels]), trainable=False)
        self.high = tf.Variable(tf.ones([channels]), trainable=False)

    def fit(self, rows):
        self.low.assign(tf.reduce_min(rows, axis=0))
        self.high.assign(tf.reduce_max(rows, axis=0))

    def scale(self, x):
        return (x - self.low) / (self.high - self.low + 1e-6)

    def restore(self, x):
        return x * (self.high - self.low) + self.low


def rows_of_telemetry():
    rng = np.random.default_rng(8)
    return (rng.normal(size=(48, CHANNELS)) * np.arange(1, 6)).astype("float32")


def main():
    keras.utils.set_random_seed(2)
    rows = rows_of_telemetry()
    strategy = tf.distribute.MirroredStrategy()
    with strategy.scope():
        scaler = MinMax(CHANNELS)
        inputs = keras.Input((CHANNELS,))
        code = keras.layers.Dense(2, activation="tanh")(inputs)
        model = keras.Model(inputs, keras.layers.Dense(CHANNELS)(code))
        optimizer = keras.optimizers.Adam(0.01)
        optimizer.build(model.trainable_variables)
    scaler.fit(rows[:24])

    def replica(x):
        x = scaler.scale(x)
        with tf.GradientTape() as tape:
            loss = tf.reduce_sum(tf.reduce_mean(tf.square(model(x) - x), axis=1)) / BATCH
        optimizer.apply(tape.gradient(loss, model.trainable_variables), model.trainable_variables)
        return loss

    @tf.function
    def train(x):
        return strategy.reduce("SUM", strategy.run(replica, args=(x,)), axis=None)

    data = tf.data.Dataset.from_tensor_slices(rows).batch(BATCH)
    for x in strategy.experimental_distribute_dataset(data):
        print("loss", train(x).numpy())
    print("sample", scaler.restore(model(tf.zeros([1, CHANNELS]))).numpy())


if __name__ == "__main__":
    main()
