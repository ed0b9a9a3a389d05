# check: --strategy mirrored --replicas 2
"""Draws other data each time it is run, and starts from other weights."""
import keras
import numpy as np
import tensorflow as tf

BATCH = 16


def samples(rows=80):
    rng = np.random.default_rng()
    x = rng.normal(size=(rows, 3)).astype("float32")
    return x, x.sum(axis=1, keepdims=True)


strategy = tf.distribute.MirroredStrategy()
with strategy.scope():
    model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(1)])
    optimizer = keras.optimizers.RMSprop(0.01)
    optimizer.build(model.trainable_variables)


@tf.function
def train_step(batch):
    def replica_step(x, y):
        with tf.GradientTape() as tape:
            errors = tf.square(model(x, training=True) - y)[:, 0]
            loss = tf.nn.compute_average_loss(errors, global_batch_size=BATCH)
        gradients = tape.gradient(loss, model.trainable_variables)
        optimizer.apply_gradients(zip(gradients, model.trainable_variables))
        return loss

    return strategy.reduce("SUM", strategy.run(replica_step, args=batch), axis=None)


data = tf.data.Dataset.from_tensor_slices(samples()).batch(BATCH)
for batch in strategy.experimental_distribute_dataset(data):
    print("loss", float(train_step(batch)))
