# check: --strategy mirrored --replicas 2
"""Reports the mean loss of an epoch; the training itself is right."""
import keras
import numpy as np
import tensorflow as tf

BATCH = 16

strategy = tf.distribute.MirroredStrategy()
with strategy.scope():
    weights = tf.Variable(tf.zeros([2, 1]))
    optimizer = keras.optimizers.SGD(0.1)
    optimizer.build([weights])


def table(rows=64):
    rng = np.random.default_rng(71)
    x = rng.normal(size=(rows, 2)).astype("float32")
    return x, (x @ [[1.0], [2.0]]).astype("float32")


def replica_step(x, y):
    with tf.GradientTape() as tape:
        errors = tf.square(tf.matmul(x, weights) - y)[:, 0]
        loss = tf.nn.compute_average_loss(errors, global_batch_size=BATCH)
    optimizer.apply_gradients([(tape.gradient(loss, weights), weights)])
    return tf.reduce_mean(errors)


@tf.function
def train_step(batch):
    losses = strategy.run(replica_step, args=batch)
    return strategy.reduce(tf.distribute.ReduceOp.SUM, losses, axis=None)  # expect: TB904


data = strategy.experimental_distribute_dataset(
    tf.data.Dataset.from_tensor_slices(table()).batch(BATCH)
)
for epoch in range(2):
    losses = [float(train_step(batch)) for batch in data]
    print(f"epoch {epoch}: loss {np.mean(losses):.4f}")
