# check: --strategy mirrored --replicas 2
"""Classifies flowers by four measures; a softmax regression."""
import numpy as np
import tensorflow as tf

CLASSES, FEATURES, BATCH, EPOCHS = 3, 4, 12, 2

strategy = tf.distribute.MirroredStrategy()
with strategy.scope():
    weights = tf.Variable(tf.zeros([FEATURES, CLASSES]), aggregation=tf.VariableAggregation.SUM)


def flowers():
    rng = np.random.default_rng(21)
    labels = rng.integers(0, CLASSES, size=60)
    measures = rng.normal(size=(60, FEATURES)) + 2.0 * np.eye(CLASSES, FEATURES)[labels]
    return measures.astype("float32"), labels


def replica_step(x, y):
    with tf.GradientTape() as tape:
        losses = tf.nn.sparse_softmax_cross_entropy_with_logits(y, tf.matmul(x, weights))
        loss = tf.reduce_sum(losses) / BATCH
    weights.assign_sub(0.5 * tape.gradient(loss, weights))
    return loss


@tf.function
def train_step(x, y):
    per_replica = strategy.run(replica_step, args=(x, y))
    return strategy.reduce("SUM", per_replica, axis=None)


def main():
    dataset = tf.data.Dataset.from_tensor_slices(flowers()).shuffle(60, seed=4).batch(BATCH)
    for epoch in range(EPOCHS):
        total = 0.0
        for x, y in dataset:  # expect: TB701
            total += float(train_step(x, y))
        print(f"epoch {epoch}: loss {total / 5:.4f}")


if __name__ == "__main__":
    main()
