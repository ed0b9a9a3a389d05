import keras
import tensorflow as tf

strategy = tf.distribute.MirroredStrategy()
with strategy.scope():
    examples = keras.Variable(0.0, aggregation="sum")


def step(x):
    examples.value.assign_add(tf.cast(tf.size(x), tf.float32))


@tf.function
def train(x):
    strategy.run(step, args=(x,))


data = tf.data.Dataset.from_tensor_slices([1.0, 2.0, 3.0, 4.0]).batch(2)
for x in strategy.experimental_distribute_dataset(data):
    train(x)
print(examples.numpy(), "examples")
