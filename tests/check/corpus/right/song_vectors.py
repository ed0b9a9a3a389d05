# check: --strategy mirrored --replicas 2
"""Skip-gram vectors of songs; the gradients of the embeddings are sparse."""
import keras
import numpy as np
import tensorflow as tf

WORDS, SIZE, BATCH = 50, 4, 32

keras.utils.set_random_seed(39)
strategy = tf.distribute.MirroredStrategy()
with strategy.scope():
    vectors = tf.Variable(tf.random.stateless_normal([WORDS, SIZE], [1, 2]), name="vectors")
    contexts = tf.Variable(tf.random.stateless_normal([WORDS, SIZE], [3, 4]), name="contexts")
    optimizer = keras.optimizers.SGD(0.5)
    optimizer.build([vectors, contexts])


def pairs(rows=160):
    rng = np.random.default_rng(39)
    word = rng.integers(WORDS, size=rows)
    return word, (word + rng.integers(2, size=rows)) % WORDS, rng.integers(WORDS, size=rows)


def negative_sampling_loss(word, near, far):
    center = tf.nn.embedding_lookup(vectors, word)
    hit = tf.reduce_sum(center * tf.nn.embedding_lookup(contexts, near), axis=1)
    miss = tf.reduce_sum(center * tf.nn.embedding_lookup(contexts, far), axis=1)
    losses = tf.nn.softplus(-hit) + tf.nn.softplus(miss)
    return tf.nn.compute_average_loss(losses, global_batch_size=BATCH)


@tf.function
def train_step(batch):
    def replica_step(word, near, far):
        with tf.GradientTape() as tape:
            loss = negative_sampling_loss(word, near, far)
        grads = tape.gradient(loss, [vectors, contexts])
        optimizer.apply_gradients(zip(grads, [vectors, contexts]))
        return loss

    return strategy.reduce("SUM", strategy.run(replica_step, args=batch), axis=None)


data = tf.data.Dataset.from_tensor_slices(pairs()).batch(BATCH)
for batch in strategy.experimental_distribute_dataset(data):
    loss = train_step(batch)
    print("loss", round(float(loss), 4))
print("norm of vectors", round(float(tf.norm(vectors)), 4))
