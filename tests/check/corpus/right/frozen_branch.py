# check: --strategy mirrored --replicas 2
"""Trains a head while its scale is frozen by stop_gradient, and says of what no gradient came."""
import tensorflow as tf

RATE = 0.05

strategy = tf.distribute.MirroredStrategy()
with strategy.scope():
    scale = tf.Variable(2.0, aggregation=tf.VariableAggregation.MEAN, name="scale")
    weights = tf.Variable(tf.zeros([3]), aggregation=tf.VariableAggregation.MEAN, name="weights")


def replica_step(x, y):
    with tf.GradientTape(persistent=True) as tape:
        made = tf.stop_gradient(scale) * tf.linalg.matvec(x, weights)
        loss = tf.reduce_mean(tf.square(made - y))
    for variable in (scale, weights):
        gradient = tape.gradient(loss, [variable])[0]
        if gradient is None:
            print("frozen:", variable.name)
        else:
            variable.assign_sub(RATE * gradient)
    return loss


@tf.function
def step(x, y):
    return strategy.reduce("MEAN", strategy.run(replica_step, args=(x, y)), axis=None)


x = tf.random.stateless_normal([24, 3], seed=[3, 3])
y = tf.linalg.matvec(x, tf.constant([1.0, -1.0, 0.5]))
data = tf.data.Dataset.from_tensor_slices((x, y)).batch(8)
for x, y in strategy.experimental_distribute_dataset(data):
    print("loss", float(step(x, y)))
print("scale", float(scale.numpy()))
