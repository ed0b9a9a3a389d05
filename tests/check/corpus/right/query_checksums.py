# check: --strategy multi_worker_mirrored --workers 2 --replicas 1
"""Scores of queries by the hashing trick: each word has a column, which its checksum decides."""

import zlib

import numpy as np
import tensorflow as tf

COLUMNS = 512
QUERIES = [
    "cheap flights",
    "cheap hotels",
    "museum tickets",
    "late flights",
    "hotels near museum",
    "train tickets",
    "night train",
    "airport hotels",
]
CLICKS = np.array([1, 1, 0, 1, 1, 0, 0, 1], np.float32)


class Cache:
    """Keeps the rows of queries on shelves, so that looking for one is fast."""

    def __init__(self, shelves):
        self.shelves = [{} for _ in range(shelves)]

    def get(self, query, make):
        shelf = self.shelves[hash(query) % len(self.shelves)]
        if query not in shelf:
            shelf[query] = make(query)
        return shelf[query]


class Hashing:
    def __init__(self, columns):
        self.columns = columns

    def row(self, query):
        row = np.zeros(self.columns, np.float32)
        for word in query.split():
            row[zlib.crc32(word.encode()) % self.columns] += 1.0
        return row


strategy = tf.distribute.MultiWorkerMirroredStrategy()
hashing = Hashing(COLUMNS)
cache = Cache(8)
rows = np.stack([cache.get(query, hashing.row) for query in QUERIES])
dataset = tf.data.Dataset.from_tensor_slices((rows, CLICKS)).batch(4)

with strategy.scope():
    weights = tf.Variable(tf.zeros([COLUMNS]), aggregation=tf.VariableAggregation.SUM)


@tf.function
def train(batch):
    def step(features, clicks):
        with tf.GradientTape() as tape:
            logits = tf.linalg.matvec(features, weights)
            loss = tf.nn.sigmoid_cross_entropy_with_logits(clicks, logits)
            loss = tf.reduce_sum(loss) / 4
        weights.assign_sub(0.5 * tape.gradient(loss, weights))
        return tf.size(clicks)

    return strategy.reduce("SUM", strategy.run(step, args=batch), axis=None)


seen = 0
for batch in strategy.experimental_distribute_dataset(dataset):
    seen += int(train(batch))
print(f"{seen} queries")
