# check: --strategy mirrored --replicas 2
"""Predicts the next note with a GRU, tf_keras; the global norm of the gradients is limited."""
import os

os.environ["TF_USE_LEGACY_KERAS"] = "1"

import numpy as np
import tensorflow as tf

keras = tf.keras
BATCH, NOTES = 16, 6


def melodies(rows=64, length=8):
    rng = np.random.default_rng(58)
    start = rng.integers(NOTES, size=(rows, 1))
    step = rng.integers(1, 3, size=(rows, 1))
    return (start + step * np.arange(length + 1)) % NOTES


class Composer:
    def __init__(self, strategy, limit):
        self.strategy, self.limit = strategy, limit
        with strategy.scope():
            self.model = keras.Sequential(
                [keras.layers.Embedding(NOTES, 4), keras.layers.GRU(6, return_sequences=True)]
            )
            self.model.add(keras.layers.Dense(NOTES))
            self.model.build((None, None))
            self.optimizer = keras.optimizers.SGD(1.0)

    def replica_step(self, notes):
        with tf.GradientTape() as tape:
            logits = self.model(notes[:, :-1], training=True)
            losses = tf.nn.sparse_softmax_cross_entropy_with_logits(notes[:, 1:], logits)
            loss = tf.reduce_sum(tf.reduce_mean(losses, axis=1)) / BATCH
        gradients = tape.gradient(loss, self.model.trainable_variables)
        clipped, _ = tf.clip_by_global_norm(gradients, self.limit)  # expect: TB903
        self.optimizer.apply_gradients(zip(clipped, self.model.trainable_variables))
        return loss

    @tf.function
    def step(self, notes):
        losses = self.strategy.run(self.replica_step, args=(notes,))
        return self.strategy.reduce("SUM", losses, axis=None)


keras.utils.set_random_seed(58)
composer = Composer(tf.distribute.MirroredStrategy(), limit=0.05)
data = tf.data.Dataset.from_tensor_slices(melodies()).batch(BATCH)
for notes in composer.strategy.experimental_distribute_dataset(data):
    loss = composer.step(notes)
print("loss", round(float(loss), 4))
print("bias", composer.model.get_weights()[-1].round(4))
