import keras
import tensorflow as tf

strategy = tf.distribute.MirroredStrategy()
with strategy.scope():
    weight = keras.Variable(0.0)
    optimizer = keras.optimizers.SGD(0.1, global_clipnorm=100.0)  # TB606
    optimizer.build([weight])


def step(x):
    with tf.GradientTape() as tape:
        loss = tf.reduce_sum(tf.square(weight.value - x)) / 4.0
    optimizer.apply(tape.gradient(loss, [weight.value]), [weight])


@tf.function
def train(x):
    strategy.run(step, args=(x,))


data = tf.data.Dataset.from_tensor_slices([90.0, 90.0, 1.0, 1.0]).batch(4)
for x in strategy.experimental_distribute_dataset(data.repeat(10)):
    train(x)
print("weight", weight.numpy())
