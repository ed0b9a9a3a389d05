# check: --strategy mirrored --replicas 2
"""Linear regression of rents, Keras 3; a loop written for a strategy."""
import keras
import numpy as np
import tensorflow as tf

BATCH = 32

rng = np.random.default_rng(31)
area = rng.normal(size=(128, 3)).astype("float32")
rent = (area @ np.array([[2.0], [1.0], [-1.0]])).astype("float32")

strategy = tf.distribute.MirroredStrategy()
with strategy.scope():
    model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(1, kernel_initializer="zeros")])
    optimizer = keras.optimizers.SGD(0.02)
    optimizer.build(model.trainable_variables)


def replica_step(x, y):
    with tf.GradientTape() as tape:
        errors = tf.reduce_sum(tf.square(model(x, training=True) - y), axis=1)
        loss = tf.nn.compute_average_loss(errors, global_batch_size=BATCH)
    gradients = tape.gradient(loss, model.trainable_variables)
    optimizer.apply_gradients(zip(gradients, model.trainable_variables))
    return loss


@tf.function
def train_step(x, y):
    losses = strategy.run(replica_step, args=(x, y))
    return strategy.reduce(tf.distribute.ReduceOp.SUM, losses, axis=None)


data = tf.data.Dataset.from_tensor_slices((area, rent)).batch(BATCH)
for epoch in range(2):
    for x, y in strategy.experimental_distribute_dataset(data):
        loss = train_step(x, y)
    print(f"epoch {epoch}: loss {float(loss):.4f}")
print("kernel", [round(float(each), 4) for each in model.get_weights()[0].ravel()])
