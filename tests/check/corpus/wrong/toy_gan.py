# check: --strategy mirrored --replicas 2
"""A small GAN, two models with Adam, Keras 3; its losses are means of the replica's half."""
import keras
import tensorflow as tf

BATCH = 16

keras.utils.set_random_seed(38)
strategy = tf.distribute.MirroredStrategy()
with strategy.scope():
    generator = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
    critic = keras.Sequential(
        [keras.Input((1,)), keras.layers.Dense(8, "relu"), keras.layers.Dense(1)]
    )
    g_adam = keras.optimizers.Adam(0.01)
    d_adam = keras.optimizers.Adam(0.01)
    g_adam.build(generator.trainable_variables)
    d_adam.build(critic.trainable_variables)


def cross_entropy(wanted, logits):
    labels = tf.fill(tf.shape(logits), wanted)
    each = tf.nn.sigmoid_cross_entropy_with_logits(labels, logits)
    return tf.reduce_mean(each)  # expect: TB907


def replica_step(real, noise):
    with tf.GradientTape() as g_tape, tf.GradientTape() as d_tape:
        fake = generator(noise, training=True)
        real_logits, fake_logits = critic(real, training=True), critic(fake, training=True)
        g_loss = cross_entropy(1.0, fake_logits)
        d_loss = cross_entropy(1.0, real_logits) + cross_entropy(0.0, fake_logits)
    g_grads = g_tape.gradient(g_loss, generator.trainable_variables)
    d_grads = d_tape.gradient(d_loss, critic.trainable_variables)
    g_adam.apply_gradients(zip(g_grads, generator.trainable_variables))
    d_adam.apply_gradients(zip(d_grads, critic.trainable_variables))
    return g_loss, d_loss


@tf.function
def train_step(real, noise):
    g_loss, d_loss = strategy.run(replica_step, args=(real, noise))
    return strategy.reduce("MEAN", g_loss, axis=None), strategy.reduce("MEAN", d_loss, axis=None)


real = tf.random.stateless_normal([96, 1], seed=[3, 8], mean=4.0)
noise = tf.random.stateless_normal([96, 2], seed=[8, 3])
data = tf.data.Dataset.from_tensor_slices((real, noise)).batch(BATCH)
for real, noise in strategy.experimental_distribute_dataset(data):
    g_loss, d_loss = train_step(real, noise)
    print(f"generator {float(g_loss):.4f} critic {float(d_loss):.4f}")
