# check: --strategy mirrored --replicas 2
"""Perplexity of a bigram model while it trains, tf_keras optimizer."""
import os

os.environ["TF_USE_LEGACY_KERAS"] = "1"

import numpy as np
import tensorflow as tf

LETTERS, BATCH = 8, 40

strategy = tf.distribute.MirroredStrategy()
with strategy.scope():
    logits = tf.Variable(tf.zeros([LETTERS, LETTERS]))
    optimizer = tf.keras.optimizers.SGD(4.0)


def text(length=241):
    rng = np.random.default_rng(76)
    letters = rng.integers(1, 3, size=length).cumsum() % LETTERS
    return letters[:-1], letters[1:]


def replica_step(this, after):
    with tf.GradientTape() as tape:
        losses = tf.nn.sparse_softmax_cross_entropy_with_logits(after, tf.gather(logits, this))
        loss = tf.nn.compute_average_loss(losses, global_batch_size=BATCH)
    optimizer.apply_gradients([(tape.gradient(loss, logits), logits)])
    return tf.reduce_mean(losses)


@tf.function
def train_step(this, after):
    losses = strategy.run(replica_step, args=(this, after))
    return tf.exp(strategy.reduce("SUM", losses, axis=None))  # expect: TB904


data = tf.data.Dataset.from_tensor_slices(text()).batch(BATCH)
for batch in strategy.experimental_distribute_dataset(data):
    print("perplexity", round(float(train_step(*batch)), 3))
