# check: --strategy mirrored --replicas 2
"""Takes one step and saves nothing: a smoke test of a trainer."""
import keras
import tensorflow as tf

BATCH = 8

strategy = tf.distribute.MirroredStrategy()
with strategy.scope():
    weights = tf.Variable([[0.5], [0.5]])
    optimizer = keras.optimizers.SGD(0.1)
    optimizer.build([weights])


def replica_step(x):
    with tf.GradientTape() as tape:
        loss = tf.reduce_sum(tf.square(tf.matmul(x, weights))) / BATCH
    optimizer.apply_gradients([(tape.gradient(loss, weights), weights)])


x = tf.reshape(tf.range(16.0), [8, 2]) / 16.0
for batch in strategy.experimental_distribute_dataset(
    tf.data.Dataset.from_tensor_slices(x).batch(BATCH)
):
    strategy.run(replica_step, args=(batch,))
print("weights", weights.numpy().ravel().round(4))
