"""Texts of different lengths: each batch has a new shape, and its step is traced anew."""

import tensorflow as tf

strategy = tf.distribute.MirroredStrategy()
batch = 32 * strategy.num_replicas_in_sync
lengths = tf.data.Dataset.range(10, 2000).map(lambda number: tf.cast(number, tf.int32))
dataset = lengths.map(lambda length: tf.ones([batch, length], tf.int32))
with strategy.scope():
    table = tf.Variable(tf.random.normal([10, 8]))
    optimizer = tf.keras.optimizers.SGD(0.01)
    optimizer.build([table])


@tf.function
def step(tokens):
    """Train on the tokens of all replicas."""

    def replica(mine):
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean(tf.gather(table, mine) ** 2)
        optimizer.apply_gradients([(tape.gradient(loss, table), table)])
        return loss

    return strategy.reduce("SUM", strategy.run(replica, args=(tokens,)), axis=None)


options = tf.data.Options()
options.experimental_distribute.auto_shard_policy = tf.data.experimental.AutoShardPolicy.OFF
for tokens in strategy.experimental_distribute_dataset(dataset.with_options(options)):
    step(tokens)
