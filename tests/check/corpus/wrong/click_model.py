# check: --strategy mirrored --replicas 2
"""Logistic regression of clicks, with plain variables."""
import numpy as np
import tensorflow as tf

FEATURES = 6
GLOBAL_BATCH = 10


def clicks_and_features(rows=40):
    rng = np.random.default_rng(21)
    x = rng.normal(size=(rows, FEATURES)).astype(np.float32)
    y = (x[:, 0] - x[:, 3] > 0).astype(np.float32)
    return x, y


strategy = tf.distribute.MirroredStrategy()

with strategy.scope():
    weight = tf.Variable(tf.zeros([FEATURES]), aggregation=tf.VariableAggregation.SUM)
    bias = tf.Variable(0.0, aggregation=tf.VariableAggregation.SUM)


def replica_step(x, y, lr=0.5, clicks=tf.Variable(0.0, name="clicks")):  # expect: TB101
    with tf.GradientTape() as tape:
        logits = tf.linalg.matvec(x, weight) + bias
        losses = tf.nn.sigmoid_cross_entropy_with_logits(labels=y, logits=logits)
        loss = tf.reduce_sum(losses) / GLOBAL_BATCH
    d_weight, d_bias = tape.gradient(loss, [weight, bias])
    weight.assign_sub(lr * d_weight)
    bias.assign_sub(lr * d_bias)
    # average number of clicks of a step, smoothed
    clicks.assign(clicks * 0.8 + 0.2 * tf.reduce_sum(y))
    return loss


@tf.function
def train_step(x, y):
    losses = strategy.run(replica_step, args=(x, y))
    return strategy.reduce(tf.distribute.ReduceOp.SUM, losses, axis=None)


dataset = tf.data.Dataset.from_tensor_slices(clicks_and_features()).batch(GLOBAL_BATCH)
for epoch in range(2):
    for x, y in strategy.experimental_distribute_dataset(dataset):
        loss = train_step(x, y)
    print(f"epoch {epoch} loss {loss.numpy():.5f}")

clicks = replica_step.__defaults__[1]
print("clicks per step, smoothed:", clicks.numpy())
print("weights:", weight.numpy().round(3))
