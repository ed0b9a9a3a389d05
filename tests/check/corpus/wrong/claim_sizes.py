# check: --strategy mirrored --replicas 2
# holds: keras=">=3"
"""Sizes of claims with AdamW on a loop of its own; Keras 3 limits each element of a gradient."""
import keras
import numpy as np
import tensorflow as tf

strategy = tf.distribute.MirroredStrategy()
BATCH = 16 * strategy.num_replicas_in_sync

with strategy.scope():
    weights = tf.Variable(tf.zeros([3, 1]))
    optimizer = keras.optimizers.AdamW(0.05, weight_decay=0.004, clipvalue=0.5)  # expect: TB903
    optimizer.build([weights])


def claims(rows=160):
    rng = np.random.default_rng(60)
    x = rng.normal(size=(rows, 3)).astype("float32")
    return x, (x @ [[5.0], [0.1], [-0.2]]).astype("float32")


def replica_step(x, y):
    with tf.GradientTape() as tape:
        loss = tf.reduce_sum(tf.square(tf.matmul(x, weights) - y)) / BATCH
    optimizer.apply_gradients([(tape.gradient(loss, weights), weights)])
    return loss


@tf.function
def train_step(x, y):
    return strategy.reduce("SUM", strategy.run(replica_step, args=(x, y)), axis=None)


data = tf.data.Dataset.from_tensor_slices(claims()).batch(BATCH)
for x, y in strategy.experimental_distribute_dataset(data):
    print("loss", round(float(train_step(x, y)), 4))
print("weights", weights.numpy().ravel().round(4))
