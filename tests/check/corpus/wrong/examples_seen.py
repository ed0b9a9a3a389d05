# check: --strategy mirrored --replicas 2
# holds: keras=">=3"
"""A Keras layer that counts the examples it was trained on, for a schedule of its own."""
import tensorflow as tf


class CountingDense(tf.keras.layers.Layer):
    def build(self, shape):
        self.kernel = self.add_weight(shape=(shape[-1], 1), initializer="zeros")
        self.examples = self.add_weight(
            shape=(), initializer="zeros", trainable=False, aggregation="sum", name="examples"
        )

    def call(self, x, training=False):
        if training:
            self.examples.assign_add(tf.cast(tf.shape(x)[0], tf.float32))  # expect: TB605
        return x @ self.kernel


strategy = tf.distribute.MirroredStrategy()
with strategy.scope():
    layer = CountingDense()
    layer.build([None, 4])
    optimizer = tf.keras.optimizers.SGD(0.05)
    optimizer.build(layer.trainable_variables)


@tf.function
def train_step(x, y):
    def replica_step(x, y):
        with tf.GradientTape() as tape:
            loss = tf.reduce_sum(tf.square(layer(x, training=True) - y)) / 8.0
        gradients = tape.gradient(loss, layer.trainable_variables)
        optimizer.apply_gradients(zip(gradients, layer.trainable_variables))
        return loss

    return strategy.reduce("SUM", strategy.run(replica_step, args=(x, y)), axis=None)


x = tf.random.stateless_normal([32, 4], seed=[1, 9])
data = tf.data.Dataset.from_tensor_slices((x, x[:, :1])).batch(8)
for x, y in strategy.experimental_distribute_dataset(data):
    loss = train_step(x, y)
    print("examples", float(tf.convert_to_tensor(layer.examples)), "loss", float(loss))
