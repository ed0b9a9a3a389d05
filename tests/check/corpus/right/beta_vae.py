# check: --strategy mirrored --replicas 2
"""A variational autoencoder with a warm-up of the KL term; replicas draw their own noise."""
import keras
import numpy as np
import tensorflow as tf

BATCH, INPUTS, LATENT = 8, 6, 2
LOG_EVERY = 1

keras.utils.set_random_seed(6)
strategy = tf.distribute.MirroredStrategy()
with strategy.scope():
    encoder = keras.Sequential([keras.Input((INPUTS,)), keras.layers.Dense(2 * LATENT)])
    decoder = keras.Sequential([keras.Input((LATENT,)), keras.layers.Dense(INPUTS)])
    variables = encoder.trainable_variables + decoder.trainable_variables
    optimizer = keras.optimizers.Adam(0.01)
    optimizer.build(variables)
    beta = tf.Variable(0.0, trainable=False)
    generator = tf.random.Generator.from_seed(5)


def elbo(x):
    mean, log_var = tf.split(encoder(x), 2, axis=1)
    z = mean + tf.exp(0.5 * log_var) * generator.normal(tf.shape(mean))
    reconstruction = tf.reduce_sum(tf.square(decoder(z) - x), axis=1)
    kl = -0.5 * tf.reduce_sum(1 + log_var - tf.square(mean) - tf.exp(log_var), axis=1)
    return tf.reduce_sum(reconstruction + beta * kl) / BATCH


def replica_step(x):
    with tf.GradientTape() as tape:
        loss = elbo(x)
    optimizer.apply_gradients(zip(tape.gradient(loss, variables), variables))
    return loss


@tf.function
def train_step(x):
    return strategy.reduce("SUM", strategy.run(replica_step, args=(x,)), axis=None)


def main():
    global LOG_EVERY
    x = np.random.default_rng(18).normal(size=(24, INPUTS)).astype("float32")
    dataset = tf.data.Dataset.from_tensor_slices(x).batch(BATCH)
    for epoch in range(3):
        for batch in strategy.experimental_distribute_dataset(dataset):
            loss = train_step(batch)
        if epoch % LOG_EVERY == 0:
            print(f"epoch {epoch} beta {beta.numpy():.1f} loss {float(loss):.4f}")
            LOG_EVERY *= 2
        beta.assign(min(1.0, beta.numpy() + 0.5))


if __name__ == "__main__":
    main()
