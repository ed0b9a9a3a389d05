# check: --strategy multi_worker_mirrored --workers 2
# holds: keras=">=3"
"""A network with dropout, Keras 3, trained by a custom loop on two workers."""
import tensorflow as tf

tf.keras.utils.set_random_seed(3)
strategy = tf.distribute.MultiWorkerMirroredStrategy()
with strategy.scope():
    model = tf.keras.Sequential(
        [
            tf.keras.Input([6]),
            tf.keras.layers.Dense(12, activation="relu"),
            tf.keras.layers.Dropout(0.5),  # expect: TB602
            tf.keras.layers.Dense(1),
        ]
    )
    optimizer = tf.keras.optimizers.SGD(0.05)
    optimizer.build(model.trainable_variables)


@tf.function
def train_step(x, y):
    def replica_step(x, y):
        with tf.GradientTape() as tape:
            loss = tf.reduce_sum(tf.square(model(x, training=True) - y)) / 16.0
        gradients = tape.gradient(loss, model.trainable_variables)
        optimizer.apply_gradients(zip(gradients, model.trainable_variables))
        return loss

    return strategy.reduce("SUM", strategy.run(replica_step, args=(x, y)), axis=None)


x = tf.random.stateless_normal([64, 6], seed=[8, 8])
data = tf.data.Dataset.from_tensor_slices((x, x[:, :1])).batch(16)
for x, y in strategy.experimental_distribute_dataset(data):
    print("loss", float(train_step(x, y)))
