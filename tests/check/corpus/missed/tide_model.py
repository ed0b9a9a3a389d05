# check: --strategy mirrored --replicas 2
"""Fits the tides; the whole epoch is one tf.function over the distributed iterator."""
import numpy as np
import tensorflow as tf

STEPS, EACH = 4, 20

strategy = tf.distribute.MirroredStrategy()
BATCH = EACH * strategy.num_replicas_in_sync

with strategy.scope():
    factors = tf.Variable(tf.zeros([4, 1]), aggregation=tf.VariableAggregation.SUM)


def heights(rows=200):
    rng = np.random.default_rng(40)
    t = rng.uniform(0, 50, size=rows)
    waves = np.stack([np.sin(t), np.cos(t), np.sin(t / 2), np.cos(t / 2)], axis=1)
    return waves.astype("float32"), (waves @ [[1.0], [0.2], [0.5], [-0.3]]).astype("float32")


def replica_step(waves, height):
    with tf.GradientTape() as tape:
        misfit = tf.matmul(waves, factors) - height
        loss = tf.reduce_mean(tf.square(misfit))  # expect: TB901
    factors.assign_sub(0.2 * tape.gradient(loss, factors))
    return loss


@tf.function
def train_epoch(iterator):
    total = 0.0
    for _ in tf.range(STEPS):
        waves, height = next(iterator)
        losses = strategy.run(replica_step, args=(waves, height))
        total += strategy.reduce("MEAN", losses, axis=None)
    return total / STEPS


data = tf.data.Dataset.from_tensor_slices(heights()).repeat().batch(BATCH)
iterator = iter(strategy.experimental_distribute_dataset(data))
for epoch in range(2):
    print(f"epoch {epoch}: {float(train_epoch(iterator)):.4f}")
print("factors", factors.numpy().ravel().round(4))
