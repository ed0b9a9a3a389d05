# check: --strategy mirrored --replicas 2
"""Traces the bookkeeping of a trainer ahead of time, so that no step waits for it."""
import tensorflow as tf

tf.keras.utils.set_random_seed(11)


class Progress(tf.Module):
    def __init__(self):
        super().__init__()
        self.batches = tf.Variable(
            0, dtype=tf.int64, aggregation=tf.VariableAggregation.ONLY_FIRST_REPLICA
        )

    @tf.function
    def advance(self):
        self.batches.assign_add(1)


strategy = tf.distribute.MirroredStrategy()
with strategy.scope():
    progress = Progress()
    model = tf.keras.Sequential([tf.keras.Input([3]), tf.keras.layers.Dense(1)])
    optimizer = tf.keras.optimizers.SGD(0.01)
    optimizer.build(model.trainable_variables)
# Traced once, here: a call is then as cheap as it gets.
advance = progress.advance.get_concrete_function()


@tf.function
def train_step(x, y):
    def replica_step(x, y):
        with tf.GradientTape() as tape:
            loss = tf.reduce_sum(tf.square(model(x, training=True) - y)) / 8.0
        gradients = tape.gradient(loss, model.trainable_variables)
        optimizer.apply_gradients(zip(gradients, model.trainable_variables))
        advance()  # expect: TB204
        return loss

    return strategy.reduce("SUM", strategy.run(replica_step, args=(x, y)), axis=None)


x = tf.random.stateless_normal([32, 3], seed=[7, 1])
data = tf.data.Dataset.from_tensor_slices((x, tf.reduce_sum(x, axis=1, keepdims=True))).batch(8)
for x, y in strategy.experimental_distribute_dataset(data):
    loss = train_step(x, y)
    print("batch", int(progress.batches.numpy()), "loss", float(loss))
