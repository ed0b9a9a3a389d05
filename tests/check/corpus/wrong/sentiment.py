# check: --strategy mirrored --replicas 2
"""Sentiment of short reviews; the loop reports the accuracy so far."""
import keras
import numpy as np
import tensorflow as tf

WORDS, BATCH = 12, 8


def reviews():
    rng = np.random.default_rng(23)
    counts = rng.poisson(1.0, size=(40, WORDS)).astype("float32")
    good = (counts[:, :6].sum(axis=1) > counts[:, 6:].sum(axis=1)).astype("float32")
    return counts, good[:, None]


class Classifier:
    def __init__(self):
        self.strategy = tf.distribute.MirroredStrategy()
        with self.strategy.scope():
            self.net = keras.Sequential([keras.Input((WORDS,)), keras.layers.Dense(1)])
            self.optimizer = keras.optimizers.SGD(0.1)
            self.optimizer.build(self.net.trainable_variables)

    def learn(self, x, y):
        with tf.GradientTape() as tape:
            logits = self.net(x, training=True)
            losses = keras.losses.binary_crossentropy(y, logits, from_logits=True)
            loss = tf.reduce_sum(losses) / BATCH
        grads = tape.gradient(loss, self.net.trainable_variables)
        self.optimizer.apply_gradients(zip(grads, self.net.trainable_variables))
        return loss, self.hits(y, logits)

    def hits(self, y, logits):
        right = tf.cast(tf.equal(logits > 0, y > 0.5), tf.float32)
        return tf.reduce_sum(right)

    @tf.function
    def step(self, x, y):
        loss, hits = self.strategy.run(self.learn, args=(x, y))
        return (
            self.strategy.reduce("SUM", loss, axis=None),
            self.strategy.reduce("SUM", hits, axis=None),
        )

    def record(self, hits, rows):
        with self.strategy.scope():
            so_far = tf.Variable([0.0, 0.0], aggregation=tf.VariableAggregation.SUM)  # expect: TB105
        so_far.assign_add([hits, float(rows)])
        return so_far.numpy()

    def fit(self, epochs):
        data = tf.data.Dataset.from_tensor_slices(reviews()).batch(BATCH)
        for epoch in range(epochs):
            for x, y in self.strategy.experimental_distribute_dataset(data):
                loss, hits = self.step(x, y)
                right, seen = self.record(hits, BATCH)
                print(f"{epoch}: loss {float(loss):.3f}, {int(right)} of {int(seen)} right so far")


if __name__ == "__main__":
    keras.utils.set_random_seed(4)
    Classifier().fit(epochs=2)
