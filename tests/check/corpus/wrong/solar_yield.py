# check: --strategy mirrored --replicas 2
# holds: keras=">=3"
"""Yield of solar panels; a loss object of Keras 3, divided as guides of Keras 2 say."""
import keras
import numpy as np
import tensorflow as tf

strategy = tf.distribute.MirroredStrategy()
with strategy.scope():
    model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(1, kernel_initializer="zeros")])
    optimizer = keras.optimizers.SGD(0.05)
    optimizer.build(model.trainable_variables)
    mse = keras.losses.MeanSquaredError()


def panels(rows=128):
    rng = np.random.default_rng(51)
    x = rng.uniform(size=(rows, 3)).astype("float32")
    return x, (x @ [[3.0], [1.0], [-2.0]] + 1.0).astype("float32")


def replica_step(x, y):
    with tf.GradientTape() as tape:
        loss = mse(y, model(x, training=True)) / strategy.num_replicas_in_sync  # expect: TB902
    gradients = tape.gradient(loss, model.trainable_variables)
    optimizer.apply_gradients(zip(gradients, model.trainable_variables))
    return loss


@tf.function
def train_step(x, y):
    return strategy.reduce("SUM", strategy.run(replica_step, args=(x, y)), axis=None)


data = tf.data.Dataset.from_tensor_slices(panels()).batch(32)
for x, y in strategy.experimental_distribute_dataset(data):
    print("loss", round(float(train_step(x, y)), 4))
print("bias", round(float(model.get_weights()[1][0]), 4))
