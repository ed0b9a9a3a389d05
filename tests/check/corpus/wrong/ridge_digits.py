# check: --strategy mirrored --replicas 2
"""Softmax regression with an L2 penalty of its layers, Keras 3."""
import keras
import numpy as np
import tensorflow as tf

BATCH = 24

keras.utils.set_random_seed(81)
strategy = tf.distribute.MirroredStrategy()
with strategy.scope():
    model = keras.Sequential(
        [keras.Input((5,)), keras.layers.Dense(3, kernel_regularizer=keras.regularizers.L2(0.1))]
    )
    optimizer = keras.optimizers.SGD(0.2)
    optimizer.build(model.trainable_variables)


def digits(rows=96):
    rng = np.random.default_rng(81)
    label = rng.integers(3, size=rows)
    return (rng.normal(size=(rows, 5)) + np.eye(3, 5)[label]).astype("float32"), label


def replica_step(x, label):
    with tf.GradientTape() as tape:
        logits = model(x, training=True)
        losses = tf.nn.sparse_softmax_cross_entropy_with_logits(label, logits)
        loss = tf.nn.compute_average_loss(losses, global_batch_size=BATCH)
        loss += sum(model.losses)  # expect: TB905
    gradients = tape.gradient(loss, model.trainable_variables)
    optimizer.apply_gradients(zip(gradients, model.trainable_variables))
    return loss


@tf.function
def train_step(x, label):
    return strategy.reduce("SUM", strategy.run(replica_step, args=(x, label)), axis=None)


data = tf.data.Dataset.from_tensor_slices(digits()).batch(BATCH)
for batch in strategy.experimental_distribute_dataset(data):
    print("loss", round(float(train_step(*batch)), 4))
