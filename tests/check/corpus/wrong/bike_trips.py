# check: --strategy mirrored --replicas 2
"""Counts of trips, Poisson regression by hand; each replica returns its part of the loss."""
import numpy as np
import tensorflow as tf


class TripModel:
    def __init__(self, strategy, batch):
        self.strategy, self.batch = strategy, batch
        with strategy.scope():
            self.weights = tf.Variable(
                tf.zeros([3, 1]), aggregation=tf.VariableAggregation.SUM, name="weights"
            )

    def replica_step(self, x, trips):
        with tf.GradientTape() as tape:
            losses = tf.nn.log_poisson_loss(trips, tf.matmul(x, self.weights))
            loss = tf.reduce_sum(losses) / self.batch
        self.weights.assign_sub(0.05 * tape.gradient(loss, self.weights))
        return loss

    @tf.function
    def step(self, x, trips):
        parts = self.strategy.run(self.replica_step, args=(x, trips))
        return self.strategy.reduce("MEAN", parts, axis=None)  # expect: TB904


rng = np.random.default_rng(72)
x = rng.uniform(size=(100, 3)).astype("float32")
trips = rng.poisson(np.exp(x.sum(axis=1, keepdims=True))).astype("float32")
strategy = tf.distribute.MirroredStrategy()
model = TripModel(strategy, batch=20)
data = tf.data.Dataset.from_tensor_slices((x, trips)).batch(20)
for batch in strategy.experimental_distribute_dataset(data):
    print("loss", round(float(model.step(*batch)), 4))
