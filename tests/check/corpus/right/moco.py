# check: --strategy mirrored --replicas 2
"""Contrastive learning with a queue of negatives that all replicas fill alike."""
import keras
import numpy as np
import tensorflow as tf

DIM, QUEUE, BATCH = 4, 16, 8


class NegativeQueue(tf.Module):
    def __init__(self, size, dim):
        super().__init__(name="queue")
        init = np.random.default_rng(1).normal(size=(size, dim)).astype("float32")
        self.keys = tf.Variable(init, trainable=False)
        self.size = size

    def push(self, keys):
        """Every replica pushes the keys of all, in the order of the replicas."""
        keys = tf.distribute.get_replica_context().all_gather(keys, axis=0)
        count = tf.shape(keys)[0]
        self.keys.assign(tf.concat([keys, self.keys[: self.size - count]], axis=0))

    def similarities(self, queries):
        return tf.matmul(queries, self.keys, transpose_b=True)


def views(rows):
    rng = np.random.default_rng(2)
    x = rng.normal(size=(rows, 6)).astype("float32")
    return x, x + 0.05 * rng.normal(size=x.shape).astype("float32")


def main():
    keras.utils.set_random_seed(12)
    strategy = tf.distribute.MirroredStrategy()
    with strategy.scope():
        encoder = keras.Sequential([keras.Input((6,)), keras.layers.Dense(DIM)])
        optimizer = keras.optimizers.SGD(0.1, momentum=0.9)
        optimizer.build(encoder.trainable_variables)
        queue = NegativeQueue(QUEUE, DIM)

    def replica_step(first, second):
        keys = tf.stop_gradient(tf.math.l2_normalize(encoder(second), axis=1))
        with tf.GradientTape() as tape:
            queries = tf.math.l2_normalize(encoder(first, training=True), axis=1)
            positive = tf.reduce_sum(queries * keys, axis=1, keepdims=True)
            logits = tf.concat([positive, queue.similarities(queries)], axis=1) / 0.2
            labels = tf.zeros([tf.shape(first)[0]], tf.int32)
            each = tf.nn.sparse_softmax_cross_entropy_with_logits(labels=labels, logits=logits)
            loss = tf.reduce_sum(each) / BATCH
        grads = tape.gradient(loss, encoder.trainable_variables)
        optimizer.apply_gradients(zip(grads, encoder.trainable_variables))
        queue.push(keys)
        return loss

    @tf.function
    def step(first, second):
        return strategy.reduce("SUM", strategy.run(replica_step, args=(first, second)), axis=None)

    dataset = tf.data.Dataset.from_tensor_slices(views(32)).batch(BATCH)
    for first, second in strategy.experimental_distribute_dataset(dataset):
        print("loss", float(step(first, second)))
    print("newest key", queue.keys[0].numpy())


if __name__ == "__main__":
    main()
