# check: --strategy multi_worker_mirrored --workers 2 --replicas 1
"""Orders of a bakery by weekday and season; in the last batch one worker has no row."""

import numpy as np
import tensorflow as tf

strategy = tf.distribute.MultiWorkerMirroredStrategy()
with strategy.scope():
    slopes = tf.Variable(tf.zeros([2]), name="slopes")


def orders(count=9):
    rng = np.random.default_rng(83)
    days = rng.uniform(-1.0, 1.0, size=(count, 2)).astype("float32")
    return days, 3.0 * days[:, 0] - days[:, 1] + 1.0


@tf.function
def train(days, loaves):
    def step(days, loaves):
        context = tf.distribute.get_replica_context()
        rows = context.all_reduce("SUM", tf.cast(tf.shape(days)[0], tf.float32))
        with tf.GradientTape() as tape:
            squares = tf.square(tf.linalg.matvec(days, slopes) - loaves)
            loss = tf.reduce_sum(squares) / rows
        gradient = context.all_reduce("SUM", tape.gradient(loss, slopes))
        slopes.assign_sub(0.2 * gradient)
        return tf.reduce_sum(squares)

    return strategy.reduce("SUM", strategy.run(step, args=(days, loaves)), axis=None)


data = tf.data.Dataset.from_tensor_slices(orders()).batch(4)
for batch in strategy.experimental_distribute_dataset(data):
    squares = train(*batch)
print("squares", round(float(squares), 3))
print("slopes", slopes.numpy().round(4))
