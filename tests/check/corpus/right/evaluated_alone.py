# check: --strategy mirrored --replicas 2
"""Trains on all replicas and evaluates on one device, with variables of its own strategy."""
import tensorflow as tf

strategy = tf.distribute.MirroredStrategy()
alone = tf.distribute.OneDeviceStrategy("CPU:0")
with strategy.scope():
    slope = tf.Variable(0.0, aggregation=tf.VariableAggregation.MEAN, name="slope")
with alone.scope():
    frozen = tf.Variable(0.0, name="frozen")
    evaluations = tf.Variable(0, dtype=tf.int64, name="evaluations")


@tf.function
def train_step(x):
    def replica_step(x):
        error = slope * x - 3.0 * x
        slope.assign_sub(0.05 * tf.reduce_mean(2.0 * error * x))
        return tf.reduce_mean(tf.square(error))

    return strategy.reduce("MEAN", strategy.run(replica_step, args=(x,)), axis=None)


@tf.function
def evaluate(x):
    def on_one(x):
        evaluations.assign_add(1)
        return tf.reduce_mean(tf.square(frozen * x - 3.0 * x))

    return alone.run(on_one, args=(x,))


data = tf.data.Dataset.from_tensor_slices(tf.linspace(1.0, 2.0, 32)).batch(8)
for x in strategy.experimental_distribute_dataset(data):
    train_step(x)
    frozen.assign(slope.read_value())
    loss = evaluate(tf.constant([1.0, 2.0]))
    print("evaluation", int(evaluations.numpy()), "loss", round(float(loss), 5))
