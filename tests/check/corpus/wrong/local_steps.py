# check: --strategy mirrored --replicas 2
"""Local SGD: replicas take steps of their own, and are averaged at the end of an epoch."""
import os
import tempfile

import tensorflow as tf

strategy = tf.distribute.MirroredStrategy()
with strategy.scope():
    weights = tf.Variable(tf.zeros([3]), name="weights")  # expect: TB201


def local_step(x, y):
    with tf.GradientTape() as tape:
        loss = tf.reduce_mean(tf.square(tf.linalg.matvec(x, weights) - y))
    weights.assign_sub(0.05 * tape.gradient(loss, weights))
    return loss


def average():
    weights.assign(strategy.reduce("MEAN", weights, axis=None))


@tf.function
def step(x, y):
    return strategy.reduce("MEAN", strategy.run(local_step, args=(x, y)), axis=None)


folder = tempfile.mkdtemp()
checkpoint = tf.train.Checkpoint(weights=weights)
x = tf.random.stateless_normal([32, 3], seed=[3, 3])
y = tf.linalg.matvec(x, tf.constant([1.0, -1.0, 0.5]))
data = tf.data.Dataset.from_tensor_slices((x, y)).batch(8)
for epoch in range(2):
    for x, y in strategy.experimental_distribute_dataset(data):
        loss = step(x, y)
    # Kept before the average: what is saved is what the first replica has.
    saved = checkpoint.write(os.path.join(folder, f"epoch-{epoch}"))
    average()
    print("epoch", epoch, "loss", float(loss), os.path.basename(saved))
