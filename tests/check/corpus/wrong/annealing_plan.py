# check: --strategy mirrored --replicas 2
"""Anneals the rate of tf_keras' SGD with momentum over steps that one replica's batch counts."""
import numpy as np
import tensorflow as tf
import tf_keras

CARS, BATCH, EPOCHS = 120, 20, 2
rng = np.random.default_rng(17)
features = rng.normal(size=(CARS, 4)).astype("float32")
prices = (features @ [[1.0], [-2.0], [0.5], [1.5]] + 3.0).astype("float32")

strategy = tf.distribute.MirroredStrategy()
per_replica = BATCH // strategy.num_replicas_in_sync
with strategy.scope():
    regressor = tf_keras.Sequential([tf_keras.layers.Dense(1, kernel_initializer="ones", input_shape=(4,))])
    annealed = tf_keras.optimizers.schedules.PolynomialDecay(
        0.05, EPOCHS * (CARS // per_replica), end_learning_rate=0.0
    )
    sgd = tf_keras.optimizers.SGD(annealed, momentum=0.9)  # expect: TB906


def learn(rows, targets):
    with tf.GradientTape() as tape:
        errors = tf.square(regressor(rows, training=True) - targets)
        loss = tf.reduce_sum(errors) / BATCH
    sgd.minimize(loss, regressor.trainable_variables, tape=tape)
    return loss


@tf.function
def learn_together(rows, targets):
    losses = strategy.run(learn, (rows, targets))
    return strategy.reduce(tf.distribute.ReduceOp.SUM, losses, axis=None)


batches = tf.data.Dataset.from_tensor_slices((features, prices)).batch(BATCH).repeat(EPOCHS)
for rows, targets in strategy.experimental_distribute_dataset(batches):
    loss = learn_together(rows, targets)
print(f"loss {float(loss):.4f}, last rate {float(annealed(sgd.iterations)):.4f}")
