# check: --strategy mirrored --replicas 2
"""Counts examples and hits of each class while a linear classifier is trained."""
import argparse

import numpy as np
import tensorflow as tf

parser = argparse.ArgumentParser()
parser.add_argument("--classes", type=int, default=3)
parser.add_argument("--steps", type=int, default=5)
parser.add_argument("--batch", type=int, default=12)
FLAGS = parser.parse_args()


def blobs():
    rng = np.random.default_rng(71)
    y = rng.integers(0, FLAGS.classes, size=FLAGS.batch * FLAGS.steps)
    x = rng.normal(size=(len(y), 2)) + np.stack([np.cos(2 * y), np.sin(2 * y)], axis=1)
    return x.astype("float32"), y.astype("int32")


def per_replica_sum(name):
    return tf.Variable(
        tf.zeros([FLAGS.classes]),
        trainable=False,
        synchronization=tf.VariableSynchronization.ON_READ,
        aggregation=tf.VariableAggregation.SUM,
        name=name,
    )


strategy = tf.distribute.MirroredStrategy()
with strategy.scope():
    weights = tf.Variable(
        tf.zeros([2, FLAGS.classes]), aggregation=tf.VariableAggregation.SUM, name="weights"
    )
    examples = per_replica_sum("examples")
    hits = per_replica_sum("hits")


def train_on(x, y):
    with tf.GradientTape() as tape:
        logits = tf.matmul(x, weights)
        each = tf.nn.sparse_softmax_cross_entropy_with_logits(labels=y, logits=logits)
        loss = tf.reduce_sum(each) / FLAGS.batch
    weights.assign_sub(0.5 * tape.gradient(loss, weights))
    one_hot = tf.one_hot(y, FLAGS.classes)
    right = tf.cast(tf.argmax(logits, axis=1, output_type=tf.int32) == y, tf.float32)
    examples.assign_add(tf.reduce_sum(one_hot, axis=0))
    hits.assign_add(tf.linalg.matvec(one_hot, right, transpose_a=True))
    return loss


@tf.function
def train_step(x, y):
    per_replica = strategy.run(train_on, args=(x, y))
    return strategy.reduce(tf.distribute.ReduceOp.SUM, per_replica, axis=None)


data = tf.data.Dataset.from_tensor_slices(blobs()).batch(FLAGS.batch)
for x, y in strategy.experimental_distribute_dataset(data):
    print(f"loss {train_step(x, y).numpy():.4f}")
print("examples:", examples.numpy(), "hits:", hits.numpy())
