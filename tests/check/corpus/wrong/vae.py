# check: --strategy mirrored --replicas 2
"""A variational autoencoder with a warm-up of the KL term."""
import keras
import numpy as np
import tensorflow as tf

BATCH, INPUTS, LATENT = 8, 6, 2
BETA = 0.0


def build():
    encoder = keras.Sequential([keras.Input((INPUTS,)), keras.layers.Dense(2 * LATENT)])
    decoder = keras.Sequential([keras.Input((LATENT,)), keras.layers.Dense(INPUTS)])
    return encoder, decoder


keras.utils.set_random_seed(6)
strategy = tf.distribute.MirroredStrategy()
with strategy.scope():
    encoder, decoder = build()
    variables = encoder.trainable_variables + decoder.trainable_variables
    optimizer = keras.optimizers.Adam(0.01)
    optimizer.build(variables)


def elbo(x, noise):
    mean, log_var = tf.split(encoder(x), 2, axis=1)
    z = mean + tf.exp(0.5 * log_var) * noise
    reconstruction = tf.reduce_sum(tf.square(decoder(z) - x), axis=1)
    kl = -0.5 * tf.reduce_sum(1 + log_var - tf.square(mean) - tf.exp(log_var), axis=1)
    return tf.reduce_sum(reconstruction + BETA * kl) / BATCH  # expect: TB302


def replica_step(x, noise):
    with tf.GradientTape() as tape:
        loss = elbo(x, noise)
    optimizer.apply_gradients(zip(tape.gradient(loss, variables), variables))
    return loss


@tf.function
def train_step(x, noise):
    return strategy.reduce("SUM", strategy.run(replica_step, args=(x, noise)), axis=None)


def main():
    global BETA
    rng = np.random.default_rng(18)
    x = rng.normal(size=(24, INPUTS)).astype("float32")
    noise = rng.normal(size=(24, LATENT)).astype("float32")
    dataset = tf.data.Dataset.from_tensor_slices((x, noise)).batch(BATCH)
    for epoch in range(3):
        for batch in strategy.experimental_distribute_dataset(dataset):
            loss = train_step(*batch)
        print(f"epoch {epoch} beta {BETA:.1f} loss {float(loss):.4f}")
        BETA = min(1.0, BETA + 0.5)


if __name__ == "__main__":
    main()
