# check: --strategy mirrored --replicas 2
"""Recommends items by the dot product of two towers."""
import numpy as np
import tensorflow as tf
import training
from towers import Tower

USERS, ITEMS, BATCH = 10, 12, 8


def interactions(rows=40):
    rng = np.random.default_rng(63)
    users = rng.integers(0, USERS, size=rows)
    items = (users + rng.integers(0, 3, size=rows)) % ITEMS
    return users.astype("int32"), items.astype("int32")


def main():
    strategy = tf.distribute.MirroredStrategy()
    with strategy.scope():
        users = Tower(USERS, 4, seed=1)
        items = Tower(ITEMS, 4, seed=2)

    def loss(user_ids, item_ids):
        logits = tf.matmul(users(user_ids), items.table, transpose_b=True)
        each = tf.nn.sparse_softmax_cross_entropy_with_logits(labels=item_ids, logits=logits)
        return tf.reduce_sum(each) / BATCH

    loop = training.Loop(strategy, loss, [users.table, items.table])
    dataset = tf.data.Dataset.from_tensor_slices(interactions()).batch(BATCH)
    for batch in strategy.experimental_distribute_dataset(dataset):
        print("loss", float(loop.step(*batch)))
    print(training.summary())


if __name__ == "__main__":
    main()
