"""Trains with Adam, whose variables come into being in the first step."""
import keras
import numpy as np
import tensorflow as tf

strategy = tf.distribute.MirroredStrategy()
with strategy.scope():
    model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(1)])
    optimizer = keras.optimizers.Adam(0.1)


def replica_step(x):
    with tf.GradientTape() as tape:
        loss = tf.reduce_mean(tf.square(model(x)))
    optimizer.apply_gradients(zip(tape.gradient(loss, model.trainable_variables), model.trainable_variables))


@tf.function
def train_step(x):
    strategy.run(replica_step, args=(x,))


data = tf.data.Dataset.from_tensor_slices(np.ones((8, 3), "float32")).batch(4)
for batch in strategy.experimental_distribute_dataset(data):
    train_step(batch)
