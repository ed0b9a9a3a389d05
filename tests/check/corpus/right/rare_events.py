# check: --strategy mirrored --replicas 2
"""Finds rare events with weighted classes; the weights are a constant."""
import os

os.environ["TF_USE_LEGACY_KERAS"] = "1"

import numpy as np
import tensorflow as tf

BATCH = 16


def events(rows=64):
    rng = np.random.default_rng(17)
    x = rng.exponential(size=(rows, 4)).astype("float32")
    return x, (x.sum(axis=1) > 7).astype("int32")


def balance(labels):
    counts = np.bincount(labels, minlength=2).astype("float32")
    return tf.constant(counts.sum() / (2 * counts))


class Trainer:
    def __init__(self, strategy, class_weights):
        self.strategy = strategy
        self.class_weights = class_weights
        with strategy.scope():
            self.model = tf.keras.Sequential(
                [
                    tf.keras.layers.Dense(6, "relu"),
                    tf.keras.layers.Dropout(0.2),
                    tf.keras.layers.Dense(2),
                ]
            )
            self.model.build((None, 4))
            self.optimizer = tf.keras.optimizers.SGD(0.05, momentum=0.9)

    def replica_step(self, x, y):
        with tf.GradientTape() as tape:
            logits = self.model(x, training=True)
            each = tf.nn.sparse_softmax_cross_entropy_with_logits(labels=y, logits=logits)
            loss = tf.reduce_sum(each * tf.gather(self.class_weights, y)) / BATCH
        grads = tape.gradient(loss, self.model.trainable_variables)
        self.optimizer.apply_gradients(zip(grads, self.model.trainable_variables))
        return loss

    @tf.function
    def step(self, x, y):
        losses = self.strategy.run(self.replica_step, args=(x, y))
        return self.strategy.reduce(tf.distribute.ReduceOp.SUM, losses, axis=None)


x, y = events()
tf.keras.utils.set_random_seed(1)
trainer = Trainer(tf.distribute.MirroredStrategy(), balance(y))
dataset = tf.data.Dataset.from_tensor_slices((x, y)).batch(BATCH)
for epoch in range(2):
    for batch in trainer.strategy.experimental_distribute_dataset(dataset):
        loss = trainer.step(*batch)
    print(f"epoch {epoch}: {float(loss):.4f}")
