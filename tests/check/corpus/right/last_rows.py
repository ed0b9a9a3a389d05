# check: --strategy mirrored --replicas 2
"""The last batch is short; the step asks all replicas how many rows there are."""
import keras
import numpy as np
import tensorflow as tf

strategy = tf.distribute.MirroredStrategy()
with strategy.scope():
    weights = tf.Variable(tf.zeros([3, 1]))
    optimizer = keras.optimizers.SGD(0.1)
    optimizer.build([weights])


def rows(count=61):
    rng = np.random.default_rng(107)
    x = rng.normal(size=(count, 3)).astype("float32")
    return x, x[:, :1] - x[:, 1:2]


@tf.function
def train_step(x, y):
    def replica_step(x, y):
        context = tf.distribute.get_replica_context()
        count = context.all_reduce("SUM", tf.cast(tf.shape(x)[0], tf.float32))
        with tf.GradientTape() as tape:
            loss = tf.reduce_sum(tf.square(tf.matmul(x, weights) - y)) / count
        optimizer.apply_gradients([(tape.gradient(loss, weights), weights)])
        return loss

    return strategy.reduce("SUM", strategy.run(replica_step, args=(x, y)), axis=None)


data = tf.data.Dataset.from_tensor_slices(rows()).batch(16)
for batch in strategy.experimental_distribute_dataset(data):
    print("loss", round(float(train_step(*batch)), 4))
print("weights", weights.numpy().ravel().round(4))
