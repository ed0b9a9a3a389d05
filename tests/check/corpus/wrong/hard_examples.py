# check: --strategy mirrored --replicas 2
"""Keeps the hardest example of each class while a linear classifier is trained."""
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


strategy = tf.distribute.MirroredStrategy()

with strategy.scope():
    weights = tf.Variable(
        tf.zeros([2, FLAGS.classes]), aggregation=tf.VariableAggregation.SUM, name="weights"
    )
    hardest = tf.Variable(tf.zeros([FLAGS.classes]), trainable=False, name="hardest")  # expect: TB201


def train_on(x, y):
    with tf.GradientTape() as tape:
        each = tf.nn.sparse_softmax_cross_entropy_with_logits(labels=y, logits=x @ weights)
        loss = tf.reduce_sum(each) / FLAGS.batch
    weights.assign_sub(0.5 * tape.gradient(loss, weights))
    worst = tf.math.unsorted_segment_max(each, y, FLAGS.classes)
    hardest.assign(tf.maximum(hardest, worst))
    return loss


@tf.function
def train_step(x, y):
    per_replica = strategy.run(train_on, args=(x, y))
    return strategy.reduce(tf.distribute.ReduceOp.SUM, per_replica, axis=None)


data = tf.data.Dataset.from_tensor_slices(blobs()).batch(FLAGS.batch)
for x, y in strategy.experimental_distribute_dataset(data):
    print(f"loss {train_step(x, y).numpy():.4f}")
print("hardest losses:", hardest.numpy())
