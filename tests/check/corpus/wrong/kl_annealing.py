# check: --strategy mirrored --replicas 2
"""An autoencoder whose KL weight rises with a count of batches, tf_keras Adam."""
import os

os.environ["TF_USE_LEGACY_KERAS"] = "1"

import numpy as np
import tensorflow as tf

keras = tf.keras
BATCH = 16

keras.utils.set_random_seed(96)
strategy = tf.distribute.MirroredStrategy()
with strategy.scope():
    encoder = keras.Sequential([keras.layers.Dense(4, input_shape=(5,))])
    decoder = keras.Sequential([keras.layers.Dense(5, input_shape=(2,))])
    optimizer = keras.optimizers.Adam(0.02)
    batches = tf.Variable(
        0.0, trainable=False, aggregation=tf.VariableAggregation.SUM
    )


def objective(x):
    mean, log_var = tf.split(encoder(x, training=True), 2, axis=1)
    restored = decoder(mean, training=True)
    kl = -0.5 * tf.reduce_sum(1 + log_var - mean**2 - tf.exp(log_var), axis=1)
    weight = tf.minimum(1.0, batches / 8.0)
    errors = tf.reduce_sum(tf.square(restored - x), axis=1) + weight * kl
    return tf.nn.compute_average_loss(errors, global_batch_size=BATCH)


def replica_step(x):
    weights = encoder.trainable_variables + decoder.trainable_variables
    with tf.GradientTape() as tape:
        loss = objective(x)
    optimizer.apply_gradients(zip(tape.gradient(loss, weights), weights))
    batches.assign_add(tf.constant(1.0))  # expect: TB906
    return loss


@tf.function
def train_step(x):
    return strategy.reduce("SUM", strategy.run(replica_step, args=(x,)), axis=None)


data = np.random.default_rng(96).normal(size=(96, 5)).astype("float32")
for x in strategy.experimental_distribute_dataset(
    tf.data.Dataset.from_tensor_slices(data).batch(BATCH)
):
    print("loss", round(float(train_step(x)), 4), "after", int(batches.numpy()), "batches")
