# check: --strategy mirrored --replicas 2
"""Tags tokens of sentences of unequal length; padding does not count in the loss."""
import keras
import numpy as np
import tensorflow as tf

BATCH, WORDS, TAGS = 8, 20, 3

keras.utils.set_random_seed(61)
strategy = tf.distribute.MirroredStrategy()
with strategy.scope():
    model = keras.Sequential(
        [keras.Input((None,)), keras.layers.Embedding(WORDS, 4), keras.layers.Dense(TAGS)]
    )
    optimizer = keras.optimizers.SGD(0.5)
    optimizer.build(model.trainable_variables)


def sentences(rows=48, longest=12):
    rng = np.random.default_rng(61)
    words = rng.integers(1, WORDS, size=(rows, longest))
    lengths = rng.integers(1, longest + 1, size=(rows, 1))
    return np.where(np.arange(longest) < lengths, words, 0)


def masked_loss(words, logits):
    losses = tf.nn.sparse_softmax_cross_entropy_with_logits(words % TAGS, logits)
    mask = tf.cast(words > 0, tf.float32)
    mean = tf.reduce_sum(losses * mask) / tf.reduce_sum(mask)  # expect: TB903
    return mean / strategy.num_replicas_in_sync


def replica_step(words):
    with tf.GradientTape() as tape:
        loss = masked_loss(words, model(words, training=True))
    gradients = tape.gradient(loss, model.trainable_variables)
    optimizer.apply_gradients(zip(gradients, model.trainable_variables))
    return loss


@tf.function
def train_step(words):
    return strategy.reduce("SUM", strategy.run(replica_step, args=(words,)), axis=None)


data = tf.data.Dataset.from_tensor_slices(sentences()).batch(BATCH)
for words in strategy.experimental_distribute_dataset(data):
    print("loss", round(float(train_step(words)), 4))
