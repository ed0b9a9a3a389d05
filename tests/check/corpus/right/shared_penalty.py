# check: --strategy mirrored --replicas 2
# holds: keras=">=3"
"""Keras 3 fit; a train_step of its own divides the penalties, too."""
import keras
import numpy as np
import tensorflow as tf


@keras.saving.register_keras_serializable()
class Penalised(keras.Sequential):
    def train_step(self, data):
        x, y = data
        with tf.GradientTape() as tape:
            guess = self(x, training=True)
            losses = keras.losses.mean_squared_error(y, guess)
            share = 1.0 / self.distribute_strategy.num_replicas_in_sync
            loss = share * (tf.reduce_mean(losses) + sum(self.losses))
        self.optimizer.apply(tape.gradient(loss, self.trainable_variables))
        for metric in self.metrics:
            metric.update_state(losses)
        return {metric.name: metric.result() for metric in self.metrics}


strategy = tf.distribute.MirroredStrategy()
with strategy.scope():
    lasso = keras.regularizers.L1(0.3)
    dense = keras.layers.Dense(1, kernel_initializer="ones", kernel_regularizer=lasso)
    model = Penalised([keras.Input((4,)), dense])
    model.compile(optimizer=keras.optimizers.SGD(0.05, momentum=0.9))

rng = np.random.default_rng(86)
x = rng.normal(size=(120, 4)).astype("float32")
y = (x @ [[1.0], [0.0], [0.0], [2.0]]).astype("float32")
history = model.fit(x, y, batch_size=20, epochs=1, shuffle=False, verbose=0)
print("loss", round(history.history["loss"][0], 4))
print("kernel", model.get_weights()[0].ravel().round(4))
