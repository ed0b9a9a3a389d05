# check: --strategy mirrored --replicas 2
"""Rents with outliers; the sum of all gradients is clipped, Keras 3."""
import keras
import numpy as np
import tensorflow as tf

BATCH = 16

strategy = tf.distribute.MirroredStrategy()
with strategy.scope():
    model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1, kernel_initializer="zeros")])
    optimizer = keras.optimizers.SGD(0.1)
    optimizer.build(model.trainable_variables)


def table(rows=96):
    rng = np.random.default_rng(57)
    x = rng.normal(size=(rows, 2)).astype("float32")
    y = (x[:, :1] - x[:, 1:]).astype("float32")
    y[::12] += 150.0
    return x, y


def replica_step(x, y):
    with tf.GradientTape() as tape:
        errors = tf.reduce_sum(tf.square(model(x, training=True) - y), axis=1)
        loss = tf.nn.compute_average_loss(errors, global_batch_size=BATCH)
    gradients = tape.gradient(loss, model.trainable_variables)
    gradients = tf.distribute.get_replica_context().all_reduce("SUM", gradients)
    gradients = [tf.clip_by_norm(gradient, 1.0) for gradient in gradients]
    # apply_gradients adds up what all replicas give it.
    gradients = [gradient / strategy.num_replicas_in_sync for gradient in gradients]
    optimizer.apply_gradients(zip(gradients, model.trainable_variables))
    return loss


@tf.function
def train_step(x, y):
    return strategy.reduce("SUM", strategy.run(replica_step, args=(x, y)), axis=None)


data = tf.data.Dataset.from_tensor_slices(table()).batch(BATCH)
for x, y in strategy.experimental_distribute_dataset(data):
    print("loss", round(float(train_step(x, y)), 4))
print("bias", model.get_weights()[1].round(4))
