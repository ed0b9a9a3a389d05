"""Embeds a vocabulary whose size was meant for the number of its letters."""
import tensorflow as tf

strategy = tf.distribute.MirroredStrategy()
vocabulary, width = 26**8, 512
with strategy.scope():
    embedding = tf.Variable(tf.random.normal([vocabulary, width]), name="embedding")


@tf.function
def step(tokens):
    return tf.reduce_sum(tf.gather(embedding, tokens))


print(strategy.run(step, args=(tf.constant([1, 2]),)))
