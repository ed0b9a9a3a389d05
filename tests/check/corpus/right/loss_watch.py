# check: --strategy mirrored --replicas 2
"""Trains until the loss is low enough; the loss is watched through a variable."""
import numpy as np
import tensorflow as tf

TARGET, BATCH = 0.05, 8

last_loss = tf.Variable(float("inf"), name="last_loss")


def batches(count=10):
    rng = np.random.default_rng(13)
    for _ in range(count):
        x = rng.normal(size=(BATCH, 2)).astype("float32")
        yield x, (x[:, :1] * 0.5 + x[:, 1:]).astype("float32")


strategy = tf.distribute.MirroredStrategy()
with strategy.scope():
    w = tf.Variable(tf.zeros([2, 1]), aggregation=tf.VariableAggregation.SUM)


def replica_step(x, y):
    with tf.GradientTape() as tape:
        loss = tf.reduce_sum(tf.square(tf.matmul(x, w) - y)) / BATCH
    w.assign_sub(0.4 * tape.gradient(loss, w))
    return loss


@tf.function
def step(x, y):
    losses = strategy.run(replica_step, args=(x, y))
    last_loss.assign(strategy.reduce("SUM", losses, axis=None))


dataset = tf.data.Dataset.from_generator(
    batches,
    output_signature=(
        tf.TensorSpec((BATCH, 2), tf.float32),
        tf.TensorSpec((BATCH, 1), tf.float32),
    ),
)
taken = 0
for x, y in strategy.experimental_distribute_dataset(dataset):
    step(x, y)
    taken += 1
    print(f"{taken}: {last_loss.numpy():.4f}")
    if last_loss < TARGET:
        print("good enough")
        break
print("w", w.numpy().ravel())
