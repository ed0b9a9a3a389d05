# check: --strategy mirrored --replicas 2
"""Recognizes spoken digits from spectra; tf_keras, custom loop with metrics."""
import os

os.environ["TF_USE_LEGACY_KERAS"] = "1"

import numpy as np
import tensorflow as tf

DIGITS, BATCH = 4, 8


def spectra(count=32, bins=12, seed=4):
    rng = np.random.default_rng(seed)
    labels = rng.integers(0, DIGITS, size=count)
    base = rng.normal(size=(DIGITS, bins))
    return (base[labels] + 0.1 * rng.normal(size=(count, bins))).astype("float32"), labels


def main():
    tf.keras.utils.set_random_seed(9)
    strategy = tf.distribute.MirroredStrategy()
    epoch_loss = tf.keras.metrics.Mean("epoch_loss")  # fed by the loop below
    with strategy.scope():
        model = tf.keras.Sequential(
            [
                tf.keras.layers.Dense(16, activation="relu", input_shape=(12,)),
                tf.keras.layers.Dense(DIGITS),
            ]
        )
        optimizer = tf.keras.optimizers.Adam(0.02)
        accuracy = tf.keras.metrics.SparseCategoricalAccuracy("accuracy")
        rows = tf.keras.metrics.Sum("rows")

    def replica(x, y):
        with tf.GradientTape() as tape:
            logits = model(x, training=True)
            losses = tf.keras.losses.sparse_categorical_crossentropy(y, logits, from_logits=True)
            loss = tf.nn.compute_average_loss(losses, global_batch_size=BATCH)
        grads = tape.gradient(loss, model.trainable_variables)
        optimizer.apply_gradients(zip(grads, model.trainable_variables))
        accuracy.update_state(y, logits)
        rows.update_state(tf.ones_like(losses))
        return loss

    @tf.function
    def train(x, y):
        return strategy.reduce("SUM", strategy.run(replica, args=(x, y)), axis=None)

    dataset = tf.data.Dataset.from_tensor_slices(spectra()).batch(BATCH)
    for epoch in range(2):
        accuracy.reset_state()
        epoch_loss.reset_state()
        for x, y in strategy.experimental_distribute_dataset(dataset):
            epoch_loss.update_state(train(x, y))
        print(epoch, "accuracy", float(accuracy.result()), "loss", float(epoch_loss.result()))
    print("rows", float(rows.result()))


if __name__ == "__main__":
    main()
