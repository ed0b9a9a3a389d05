# check: --strategy mirrored --replicas 2
"""A Wasserstein GAN on points of a circle."""
import keras
import numpy as np
import progress
import tensorflow as tf

BATCH, NOISE, CLIP = 16, 4, 0.5

keras.utils.set_random_seed(3)
strategy = tf.distribute.MirroredStrategy()

with strategy.scope():
    progress.begin()
    generator = keras.Sequential(
        [keras.layers.Input((NOISE,)), keras.layers.Dense(8, "relu"), keras.layers.Dense(2)]
    )
    critic = keras.Sequential(
        [keras.layers.Input((2,)), keras.layers.Dense(8, "relu"), keras.layers.Dense(1)]
    )
    g_optimizer = keras.optimizers.RMSprop(1e-2)
    c_optimizer = keras.optimizers.RMSprop(1e-2)
    g_optimizer.build(generator.trainable_variables)
    c_optimizer.build(critic.trainable_variables)


def critic_step(real, noise):
    with tf.GradientTape() as tape:
        scores = critic(generator(noise), training=True), critic(real, training=True)
        loss = tf.reduce_sum(scores[0] - scores[1]) / BATCH
    grads = tape.gradient(loss, critic.trainable_variables)
    grads = [tf.clip_by_value(g, -CLIP, CLIP) for g in grads]
    c_optimizer.apply_gradients(zip(grads, critic.trainable_variables))
    return loss


def generator_step(noise):
    with tf.GradientTape() as tape:
        loss = -tf.reduce_sum(critic(generator(noise, training=True))) / BATCH
    grads = tape.gradient(loss, generator.trainable_variables)
    g_optimizer.apply_gradients(zip(grads, generator.trainable_variables))
    progress.generator_updates.assign_add(1)
    return loss


@tf.function
def train_step(real, noise):
    c_loss = strategy.run(critic_step, args=(real, noise))
    g_loss = strategy.run(generator_step, args=(noise,))
    return strategy.reduce("SUM", g_loss, axis=None), strategy.reduce("SUM", c_loss, axis=None)


angles = np.random.default_rng(0).uniform(0, 2 * np.pi, size=4 * BATCH)
points = np.stack([np.cos(angles), np.sin(angles)], axis=1).astype("float32")
noise = tf.random.stateless_normal([4 * BATCH, NOISE], seed=[1, 2])
dataset = tf.data.Dataset.from_tensor_slices((points, noise)).batch(BATCH)
for epoch in range(2):
    for real, z in strategy.experimental_distribute_dataset(dataset):
        losses = train_step(real, z)
    progress.report(epoch, *losses)
