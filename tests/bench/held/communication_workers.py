"""Few rows and many weights: workers exchange 32 MiB in each step."""

import tensorflow as tf
from device import rows

BATCH = 32
strategy = tf.distribute.MultiWorkerMirroredStrategy()
dataset = tf.data.Dataset.from_tensor_slices(rows()).repeat().batch(BATCH, drop_remainder=True)
options = tf.data.Options()
options.experimental_distribute.auto_shard_policy = tf.data.experimental.AutoShardPolicy.DATA
with strategy.scope():
    weights = [tf.Variable(tf.random.normal([16, 65536], stddev=0.01)) for _ in range(8)]
    optimizer = tf.keras.optimizers.SGD(0.01)
    optimizer.build(weights)


@tf.function
def step(x, y):
    """Train on the rows of all replicas."""

    def replica(mine, sums):
        with tf.GradientTape() as tape:
            found = tf.add_n([tf.reduce_mean(mine @ each, 1, keepdims=True) for each in weights])
            loss = tf.reduce_sum((found - sums) ** 2) / BATCH
        gradients = tape.gradient(loss, weights)
        optimizer.apply_gradients(zip(gradients, weights, strict=True))
        return loss

    return strategy.reduce("SUM", strategy.run(replica, args=(x, y)), axis=None)


distributed = strategy.experimental_distribute_dataset(dataset.with_options(options))
for number, (x, y) in enumerate(distributed):
    step(x, y)
    if number > 500:
        break
