# check: --strategy mirrored --replicas 2
"""Tags moods in Keras 3 fit; compute_loss is divided by hand, as was needed in Keras 2."""
import keras
import numpy as np
import tensorflow as tf


class MoodModel(keras.Model):
    def __init__(self):
        super().__init__()
        self.head = keras.layers.Dense(3, kernel_initializer="zeros")
        self.hits = keras.metrics.SparseCategoricalAccuracy(name="hits")

    def build(self, shape):
        self.head.build(shape)

    def call(self, x):
        return self.head(x)

    def train_step(self, data):
        x, y = data
        with tf.GradientTape() as tape:
            logits = self(x, training=True)
            loss = self.compute_loss(x, y, logits)
            loss = loss / self.distribute_strategy.num_replicas_in_sync  # expect: TB902
        gradients = tape.gradient(loss, self.trainable_variables)
        self.optimizer.apply_gradients(zip(gradients, self.trainable_variables))
        self.hits.update_state(y, logits)
        return {"hits": self.hits.result()}


rng = np.random.default_rng(56)
mood = rng.integers(3, size=144)
sound = (rng.normal(size=(144, 4)) + np.eye(3, 4)[mood]).astype("float32")

strategy = tf.distribute.MirroredStrategy()
with strategy.scope():
    model = MoodModel()
    model.build((None, 4))
    cross_entropy = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(optimizer=keras.optimizers.SGD(0.5), loss=cross_entropy)
model.fit(sound, mood, batch_size=24, epochs=1, shuffle=False, verbose=0)
print("bias", model.get_weights()[1].round(4))
