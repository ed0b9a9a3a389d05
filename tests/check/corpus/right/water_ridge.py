# check: --strategy mirrored --replicas 2
"""Ridge regression, momentum written by hand; the penalty is divided by the replicas."""
import numpy as np
import tensorflow as tf

PENALTY = 0.5

strategy = tf.distribute.MirroredStrategy()
BATCH = 10 * strategy.num_replicas_in_sync

with strategy.scope():
    weights = tf.Variable(tf.ones([3, 1]), aggregation=tf.VariableAggregation.MEAN)
    speed = tf.Variable(tf.zeros([3, 1]), aggregation=tf.VariableAggregation.MEAN)


def table(rows=80):
    rng = np.random.default_rng(82)
    x = rng.normal(size=(rows, 3)).astype("float32")
    return x, (x @ [[2.0], [0.0], [-2.0]]).astype("float32")


def objective(x, y):
    loss = tf.reduce_sum(tf.square(tf.matmul(x, weights) - y)) / BATCH
    penalty = PENALTY * tf.nn.l2_loss(weights)
    return loss + penalty / strategy.num_replicas_in_sync


def replica_step(x, y):
    with tf.GradientTape() as tape:
        loss = objective(x, y)
    slope = tape.gradient(loss, weights)
    slope = tf.distribute.get_replica_context().all_reduce("SUM", slope)
    speed.assign(0.7 * speed + slope)
    weights.assign_sub(0.05 * speed)


train_step = tf.function(lambda x, y: strategy.run(replica_step, args=(x, y)))
data = tf.data.Dataset.from_tensor_slices(table()).batch(BATCH)
for batch in strategy.experimental_distribute_dataset(data):
    train_step(*batch)
    print("weights", weights.numpy().ravel().round(4))
