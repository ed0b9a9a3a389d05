# check: --strategy mirrored --replicas 2
"""Regression whose loss is put together outside of the replicas, with a penalty on the weights."""
import tensorflow as tf

RATE = 0.05

strategy = tf.distribute.MirroredStrategy()
with strategy.scope():
    weights = tf.Variable(tf.ones([3]), aggregation=tf.VariableAggregation.MEAN)


def errors(x, y):
    return tf.reduce_mean(tf.square(tf.linalg.matvec(x, weights) - y))


def step(x, y):
    with tf.GradientTape() as tape:
        parts = strategy.run(errors, args=(x, y))
        loss = strategy.reduce("MEAN", parts, axis=None)
    gradient = tape.gradient(loss, weights)  # expect: TB502
    if gradient is not None:
        weights.assign_sub(RATE * gradient)
    # A pull towards zero, as weight decay does.
    weights.assign(0.99 * weights)
    return loss


x = tf.random.stateless_normal([24, 3], seed=[3, 3])
y = tf.linalg.matvec(x, tf.constant([1.0, -1.0, 0.5]))
data = tf.data.Dataset.from_tensor_slices((x, y)).batch(8)
for epoch in range(2):
    for x, y in strategy.experimental_distribute_dataset(data):
        loss = step(x, y)
    print("epoch", epoch, "loss", float(loss))
