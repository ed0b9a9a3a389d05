# check: --strategy mirrored --replicas 2
# holds: keras=">=3"
"""A small network that normalises between its layers."""
import tensorflow as tf

BATCH = 16


class Tower(tf.keras.Model):
    def __init__(self, width):
        super().__init__()
        self.hidden = tf.keras.layers.Dense(width)
        self.norm = tf.keras.layers.BatchNormalization()
        self.head = tf.keras.layers.Dense(1)

    def call(self, x, training=False):
        return self.head(tf.nn.relu(self.norm(self.hidden(x), training=training)))


def dataset():
    x = tf.random.stateless_normal([64, 3], seed=[3, 4])
    y = tf.reduce_sum(x, axis=1, keepdims=True)
    return tf.data.Dataset.from_tensor_slices((x, y)).batch(BATCH)


strategy = tf.distribute.MirroredStrategy()
with strategy.scope():
    model = Tower(4)


@tf.function
def step(inputs):
    def replica(inputs):
        x, y = inputs
        with tf.GradientTape() as tape:
            output = model(x, training=True)  # expect: TB601
            loss = tf.nn.compute_average_loss(
                tf.reduce_sum((output - y) ** 2, axis=1), global_batch_size=BATCH
            )
        return loss, tape.gradient(loss, model.trainable_variables)

    loss, gradients = strategy.run(replica, args=(inputs,))
    for variable, gradient in zip(model.trainable_variables, gradients):
        variable.assign_sub(0.01 * strategy.reduce("SUM", gradient, axis=None))
    return strategy.reduce("SUM", loss, axis=None)


for inputs in strategy.experimental_distribute_dataset(dataset()):
    print(float(step(inputs)))
