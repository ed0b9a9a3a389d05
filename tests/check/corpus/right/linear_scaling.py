# check: --strategy mirrored --replicas 2
"""The batch and the learning rate grow with the replicas, as in training ImageNet in one hour."""
import keras
import numpy as np
import tensorflow as tf

EACH, RATE = 16, 0.02

strategy = tf.distribute.MirroredStrategy()
batch = EACH * strategy.num_replicas_in_sync
with strategy.scope():
    model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(1, kernel_initializer="zeros")])
    optimizer = keras.optimizers.SGD(RATE * strategy.num_replicas_in_sync, momentum=0.9)
    optimizer.build(model.trainable_variables)


def replica_step(x, y):
    with tf.GradientTape() as tape:
        errors = tf.square(model(x, training=True) - y)[:, 0]
        loss = tf.nn.compute_average_loss(errors, global_batch_size=batch)
    gradients = tape.gradient(loss, model.trainable_variables)
    optimizer.apply_gradients(zip(gradients, model.trainable_variables))
    return loss


@tf.function
def train_step(x, y):
    return strategy.reduce("SUM", strategy.run(replica_step, args=(x, y)), axis=None)


rng = np.random.default_rng(109)
x = rng.normal(size=(192, 4)).astype("float32")
y = x.sum(axis=1, keepdims=True)
data = tf.data.Dataset.from_tensor_slices((x, y)).batch(batch)
for rows in strategy.experimental_distribute_dataset(data):
    print("loss", round(float(train_step(*rows)), 4))
