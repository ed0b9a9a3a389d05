# check: --strategy mirrored --replicas 2
"""Logistic regression of clicks, with plain variables."""
import functools

import numpy as np
import tensorflow as tf

FEATURES, GLOBAL_BATCH = 6, 10


def clicks_and_features(rows=40):
    rng = np.random.default_rng(21)
    x = rng.normal(size=(rows, FEATURES)).astype(np.float32)
    return x, (x[:, 0] - x[:, 3] > 0).astype(np.float32)


strategy = tf.distribute.MirroredStrategy()

with strategy.scope():
    weight = tf.Variable(tf.zeros([FEATURES]), aggregation=tf.VariableAggregation.SUM)

    def replica_step(
        x, y, lr=0.5, bias=tf.Variable(0.0, aggregation=tf.VariableAggregation.SUM)
    ):
        with tf.GradientTape() as tape:
            logits = tf.linalg.matvec(x, weight) + bias
            losses = tf.nn.sigmoid_cross_entropy_with_logits(labels=y, logits=logits)
            loss = tf.reduce_sum(losses) / GLOBAL_BATCH
        d_weight, d_bias = tape.gradient(loss, [weight, bias])
        weight.assign_sub(lr * d_weight)
        bias.assign_sub(lr * d_bias)
        return loss, tf.reduce_sum(y)


@tf.function
def train_step(x, y):
    per_replica = strategy.run(functools.partial(replica_step, lr=0.4), args=(x, y))
    return [strategy.reduce(tf.distribute.ReduceOp.SUM, v, axis=None) for v in per_replica]


dataset = tf.data.Dataset.from_tensor_slices(clicks_and_features()).batch(GLOBAL_BATCH)
smoothed = tf.Variable(0.0)  # of the host only
for epoch in range(2):
    for x, y in strategy.experimental_distribute_dataset(dataset):
        loss, clicks = train_step(x, y)
        smoothed.assign(0.8 * smoothed + 0.2 * clicks)
    print(f"epoch {epoch} loss {loss.numpy():.5f}")
print("clicks per step, smoothed:", smoothed.numpy())
print("weights:", weight.numpy().round(3))
