"""Collects the embeddings of all replicas for a contrastive loss."""
import tensorflow as tf

strategy = tf.distribute.MirroredStrategy()


def contrastive(x):
    embeddings = strategy.gather(tf.nn.l2_normalize(x, axis=1), axis=0)
    return tf.reduce_mean(tf.matmul(x, embeddings, transpose_b=True))


strategy.run(contrastive, args=(tf.random.normal([4, 2]),))
