# check: --strategy mirrored --replicas 2
"""Recognizes spoken commands from spectra; tf_keras, custom loop with metrics."""
import os

os.environ["TF_USE_LEGACY_KERAS"] = "1"

import numpy as np
import tensorflow as tf

COMMANDS = ("yes", "no", "up", "down")
BATCH = 8


def spectra(count=32, bins=12, seed=4):
    rng = np.random.default_rng(seed)
    labels = rng.integers(0, len(COMMANDS), size=count)
    base = rng.normal(size=(len(COMMANDS), bins))
    return (base[labels] + 0.1 * rng.normal(size=(count, bins))).astype("float32"), labels


def main():
    tf.keras.utils.set_random_seed(9)
    strategy = tf.distribute.MirroredStrategy()
    steps = tf.keras.metrics.Sum("steps")  # expect: TB101
    with strategy.scope():
        model = tf.keras.Sequential(
            [
                tf.keras.layers.Dense(16, activation="relu", input_shape=(12,)),
                tf.keras.layers.Dense(len(COMMANDS)),
            ]
        )
        optimizer = tf.keras.optimizers.Adam(0.02)
        accuracy = tf.keras.metrics.SparseCategoricalAccuracy("accuracy")

    def replica(x, y):
        with tf.GradientTape() as tape:
            logits = model(x, training=True)
            losses = tf.keras.losses.sparse_categorical_crossentropy(y, logits, from_logits=True)
            loss = tf.nn.compute_average_loss(losses, global_batch_size=BATCH)
        grads = tape.gradient(loss, model.trainable_variables)
        optimizer.apply_gradients(zip(grads, model.trainable_variables))
        accuracy.update_state(y, logits)
        steps.update_state(1.0)
        return loss

    @tf.function
    def train(x, y):
        return strategy.reduce("SUM", strategy.run(replica, args=(x, y)), axis=None)

    dataset = tf.data.Dataset.from_tensor_slices(spectra()).batch(BATCH)
    total = 0.0
    for epoch in range(2):
        accuracy.reset_state()
        for x, y in strategy.experimental_distribute_dataset(dataset):
            total += float(train(x, y))
        print(epoch, "accuracy", float(accuracy.result()), "steps", float(steps.result()))
    print("mean loss", total / float(steps.result()))


if __name__ == "__main__":
    main()
