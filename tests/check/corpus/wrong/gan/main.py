# check: --strategy mirrored --replicas 2
"""A tiny GAN on two-dimensional points."""
import keras
import tensorflow as tf
from data import circle
from losses import discriminator_loss, generator_loss
from progress import generator_updates, report

BATCH = 16
NOISE = 4

keras.utils.set_random_seed(3)
strategy = tf.distribute.MirroredStrategy()

with strategy.scope():
    generator = keras.Sequential(
        [keras.layers.Input((NOISE,)), keras.layers.Dense(8, "relu"), keras.layers.Dense(2)]
    )
    discriminator = keras.Sequential(
        [keras.layers.Input((2,)), keras.layers.Dense(8, "relu"), keras.layers.Dense(1)]
    )
    g_optimizer = keras.optimizers.Adam(1e-2)
    d_optimizer = keras.optimizers.Adam(1e-2)
    g_optimizer.build(generator.trainable_variables)
    d_optimizer.build(discriminator.trainable_variables)


def train_replica(real, noise):
    with tf.GradientTape() as g_tape, tf.GradientTape() as d_tape:
        fake = generator(noise, training=True)
        real_scores = discriminator(real, training=True)
        fake_scores = discriminator(fake, training=True)
        g_loss = generator_loss(fake_scores, BATCH)
        d_loss = discriminator_loss(real_scores, fake_scores, BATCH)
    g_grads = g_tape.gradient(g_loss, generator.trainable_variables)
    d_grads = d_tape.gradient(d_loss, discriminator.trainable_variables)
    g_optimizer.apply_gradients(zip(g_grads, generator.trainable_variables))
    d_optimizer.apply_gradients(zip(d_grads, discriminator.trainable_variables))
    generator_updates.assign_add(1)
    return g_loss, d_loss


@tf.function
def train_step(real, noise):
    g_loss, d_loss = strategy.run(train_replica, args=(real, noise))
    return strategy.reduce("SUM", g_loss, axis=None), strategy.reduce("SUM", d_loss, axis=None)


points = circle(4 * BATCH)
noise = tf.random.stateless_normal([4 * BATCH, NOISE], seed=[1, 2])
dataset = tf.data.Dataset.from_tensor_slices((points, noise)).batch(BATCH)
for epoch in range(2):
    for real, z in strategy.experimental_distribute_dataset(dataset):
        g, d = train_step(real, z)
    report(epoch, g, d)
