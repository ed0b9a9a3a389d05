# check: --strategy mirrored --replicas 2
"""Batch normalisation over all replicas, Keras 3, momentum, on a loop of its own."""
import keras
import numpy as np
import tensorflow as tf

BATCH = 16

keras.utils.set_random_seed(106)
strategy = tf.distribute.MirroredStrategy()
with strategy.scope():
    model = keras.Sequential(
        [
            keras.Input((4,)),
            keras.layers.Dense(6),
            keras.layers.BatchNormalization(synchronized=True),
            keras.layers.Dense(1),
        ]
    )
    optimizer = keras.optimizers.SGD(0.05, momentum=0.9)
    optimizer.build(model.trainable_variables)


def replica_step(x, y):
    with tf.GradientTape() as tape:
        errors = tf.square(model(x, training=True) - y)[:, 0]
        loss = tf.nn.compute_average_loss(errors, global_batch_size=BATCH)
    gradients = tape.gradient(loss, model.trainable_variables)
    optimizer.apply_gradients(zip(gradients, model.trainable_variables))
    return loss


@tf.function
def train_step(x, y):
    return strategy.reduce("SUM", strategy.run(replica_step, args=(x, y)), axis=None)


rng = np.random.default_rng(106)
x = rng.normal(size=(64, 4)).astype("float32")
y = x[:, :1] * 2
for batch in strategy.experimental_distribute_dataset(
    tf.data.Dataset.from_tensor_slices((x, y)).batch(BATCH)
):
    print("loss", round(float(train_step(*batch)), 4))
