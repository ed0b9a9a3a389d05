# check: --strategy mirrored --replicas 2
"""Finds fraud in rare positives, so the classes are weighted."""
import os

os.environ["TF_USE_LEGACY_KERAS"] = "1"

import numpy as np
import tensorflow as tf

BATCH = 16


def transactions(rows=64):
    rng = np.random.default_rng(17)
    x = rng.exponential(size=(rows, 4)).astype("float32")
    y = (x.sum(axis=1) > 7).astype("int32")
    return x, y


def balance(labels):
    counts = np.bincount(labels, minlength=2).astype("float32")
    return tf.Variable(counts.sum() / (2 * counts), trainable=False)  # expect: TB103


class FraudTrainer:
    def __init__(self, strategy, class_weights):
        self.strategy = strategy
        self.class_weights = class_weights
        with strategy.scope():
            self.model = tf.keras.Sequential(
                [tf.keras.layers.Dense(6, "relu"), tf.keras.layers.Dense(2)]
            )
            self.model.build((None, 4))
            self.optimizer = tf.keras.optimizers.SGD(0.05, momentum=0.9)

    def loss(self, labels, logits):
        each = tf.nn.sparse_softmax_cross_entropy_with_logits(labels=labels, logits=logits)
        return tf.reduce_sum(each * tf.gather(self.class_weights, labels)) / BATCH

    def replica_step(self, x, y):
        with tf.GradientTape() as tape:
            loss = self.loss(y, self.model(x, training=True))
        grads = tape.gradient(loss, self.model.trainable_variables)
        self.optimizer.apply_gradients(zip(grads, self.model.trainable_variables))
        return loss

    @tf.function
    def step(self, x, y):
        losses = self.strategy.run(self.replica_step, args=(x, y))
        return self.strategy.reduce(tf.distribute.ReduceOp.SUM, losses, axis=None)


x, y = transactions()
tf.keras.utils.set_random_seed(1)
trainer = FraudTrainer(tf.distribute.MirroredStrategy(), balance(y))
dataset = tf.data.Dataset.from_tensor_slices((x, y)).batch(BATCH)
for epoch in range(2):
    for batch in trainer.strategy.experimental_distribute_dataset(dataset):
        loss = trainer.step(*batch)
    print(f"epoch {epoch}: {float(loss):.4f}")
