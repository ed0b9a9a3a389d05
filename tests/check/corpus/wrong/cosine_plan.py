# check: --strategy mirrored --replicas 2
# holds: keras=">=3"
"""A cosine schedule of Keras 3 whose length comes from the batch of one replica."""
import keras
import numpy as np
import tensorflow as tf

ROWS, BATCH, EPOCHS = 96, 16, 2

strategy = tf.distribute.MirroredStrategy()
per_replica = BATCH // strategy.num_replicas_in_sync
steps = EPOCHS * ROWS // per_replica

with strategy.scope():
    model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(1, kernel_initializer="zeros")])
    schedule = keras.optimizers.schedules.CosineDecay(0.1, decay_steps=steps)
    optimizer = keras.optimizers.SGD(schedule)  # expect: TB906
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
    return strategy.reduce("SUM", strategy.run(replica_step, args=(x, y)), axis=None)


rng = np.random.default_rng(93)
x = rng.normal(size=(ROWS, 3)).astype("float32")
y = x.sum(axis=1, keepdims=True)
data = tf.data.Dataset.from_tensor_slices((x, y)).batch(BATCH)
for epoch in range(EPOCHS):
    for batch in strategy.experimental_distribute_dataset(data):
        loss = train_step(*batch)
    rate = schedule(optimizer.iterations)
    print(f"epoch {epoch}: loss {float(loss):.5f} rate {float(rate):.5f}")
