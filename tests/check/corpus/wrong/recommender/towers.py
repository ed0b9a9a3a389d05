"""Embeddings of users and items."""
import numpy as np
import tensorflow as tf


class Tower(tf.Module):
    def __init__(self, rows, width, seed):
        super().__init__()
        start = np.random.default_rng(seed).normal(size=(rows, width)).astype("float32")
        self.table = tf.Variable(start, aggregation=tf.VariableAggregation.SUM)

    def __call__(self, ids):
        return tf.gather(self.table, ids)


def similarity(vectors, table):
    return tf.matmul(vectors, table, transpose_b=True)
