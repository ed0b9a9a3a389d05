"""Trains a model that was made before the strategy, in a loop of its own."""
import keras
import tensorflow as tf

model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(1)])
strategy = tf.distribute.MirroredStrategy()
with strategy.scope():
    optimizer = keras.optimizers.SGD(0.1)


def replica_step(x):
    with tf.GradientTape() as tape:
        loss = tf.reduce_mean(tf.square(model(x)))
    gradients = tape.gradient(loss, model.trainable_variables)
    optimizer.apply_gradients(zip(gradients, model.trainable_variables))


@tf.function
def train_step(x):
    strategy.run(replica_step, args=(x,))


train_step(tf.ones([4, 3]))
