import keras
import tensorflow as tf

strategy = tf.distribute.MirroredStrategy()
with strategy.scope():
    weight = keras.Variable(0.0)
    optimizer = keras.optimizers.SGD(0.1)
    optimizer.build([weight])


def step(x):
    with tf.GradientTape() as tape:
        loss = tf.reduce_sum(tf.square(weight.value - x)) / 4.0
    gradients = tape.gradient(loss, [weight.value])
    gradients = tf.distribute.get_replica_context().all_reduce("SUM", gradients)
    gradients, _ = tf.clip_by_global_norm(gradients, 100.0)
    # The optimizer adds up the gradients of the replicas, which are equal now.
    gradients = [each / strategy.num_replicas_in_sync for each in gradients]
    optimizer.apply(gradients, [weight])


@tf.function
def train(x):
    strategy.run(step, args=(x,))


data = tf.data.Dataset.from_tensor_slices([90.0, 90.0, 1.0, 1.0]).batch(4)
for x in strategy.experimental_distribute_dataset(data.repeat(10)):
    train(x)
print("weight", weight.numpy())
