# check: --strategy mirrored --replicas 2
"""A denoising model with a train_step of its own, Keras 3 fit."""
import keras
import numpy as np
import tensorflow as tf


class Denoiser(keras.Model):
    def __init__(self):
        super().__init__()
        self.code = keras.layers.Dense(3, activation="tanh")
        self.out = keras.layers.Dense(6)
        self.tracker = keras.metrics.Mean(name="loss")

    def call(self, x):
        return self.out(self.code(x))

    def train_step(self, data):
        noisy, clean = data
        with tf.GradientTape() as tape:
            restored = self(noisy, training=True)
            loss = tf.reduce_mean(tf.math.squared_difference(restored, clean))  # expect: TB901
        gradients = tape.gradient(loss, self.trainable_variables)
        self.optimizer.apply_gradients(zip(gradients, self.trainable_variables))
        self.tracker.update_state(loss)
        return {"loss": self.tracker.result()}

    @property
    def metrics(self):
        return [self.tracker]


def pictures(rows, batch):
    rng = np.random.default_rng(35)
    clean = rng.normal(size=(rows, 6)).astype("float32")
    noisy = clean + 0.3 * rng.normal(size=(rows, 6)).astype("float32")
    return tf.data.Dataset.from_tensor_slices((noisy, clean)).batch(batch)


keras.utils.set_random_seed(35)
strategy = tf.distribute.MirroredStrategy()
with strategy.scope():
    model = Denoiser()
    model.build((None, 6))
    model.compile(optimizer=keras.optimizers.SGD(0.1, momentum=0.9))
batch = 24 * strategy.num_replicas_in_sync
model.fit(pictures(192, batch), epochs=1, verbose=0)
print("weights", [round(float(np.abs(w).sum()), 4) for w in model.get_weights()])
