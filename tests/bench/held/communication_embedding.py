"""The gradient of a large embedding is dense, so workers exchange all of it in each step."""

import tensorflow as tf

BATCH = 32
strategy = tf.distribute.MultiWorkerMirroredStrategy()
dataset = tf.data.Dataset.range(10**6).map(lambda number: number % 100_000).batch(BATCH)
options = tf.data.Options()
options.experimental_distribute.auto_shard_policy = tf.data.experimental.AutoShardPolicy.DATA
with strategy.scope():
    embedding = tf.Variable(tf.zeros([100_000, 64]), name="embedding")
    head = tf.Variable(tf.ones([64, 1]), name="head")
    optimizer = tf.keras.optimizers.SGD(0.01)
    optimizer.build([embedding, head])


@tf.function
def step(tokens):
    """Train on the tokens of all replicas."""

    def replica(mine):
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean((tf.gather(embedding, mine) @ head - 1.0) ** 2)
        gradients = tape.gradient(loss, [embedding, head])
        dense = [tf.convert_to_tensor(each) for each in gradients]
        optimizer.apply_gradients(zip(dense, [embedding, head], strict=True))
        return loss

    return strategy.reduce("SUM", strategy.run(replica, args=(tokens,)), axis=None)


distributed = strategy.experimental_distribute_dataset(dataset.with_options(options))
for number, tokens in enumerate(distributed):
    step(tokens)
    if number > 500:
        break
