"""Takes a new learning rate in each phase by a new optimizer, in the step."""
import keras
import tensorflow as tf

strategy = tf.distribute.MirroredStrategy()
with strategy.scope():
    model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(1)])


def replica_step(x, rate):
    optimizer = keras.optimizers.SGD(rate, momentum=0.9)
    with tf.GradientTape() as tape:
        loss = tf.reduce_mean(tf.square(model(x)))
    gradients = tape.gradient(loss, model.trainable_variables)
    optimizer.apply_gradients(zip(gradients, model.trainable_variables))


@tf.function
def train_step(x):
    strategy.run(replica_step, args=(x, 0.1))


train_step(tf.ones([4, 3]))
