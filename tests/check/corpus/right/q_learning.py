# check: --strategy mirrored --replicas 2
"""Q-learning on a table of states; replicas learn from different episodes."""
import numpy as np
import tensorflow as tf

STATES, ACTIONS, BATCH = 5, 2, 8
GAMMA, ALPHA = 0.9, 0.3


def transitions(count=40):
    rng = np.random.default_rng(14)
    state = rng.integers(0, STATES - 1, size=count)
    action = rng.integers(0, ACTIONS, size=count)
    following = np.clip(state + np.where(action == 1, 1, -1), 0, STATES - 1)
    reward = (following == STATES - 1).astype("float32")
    return state.astype("int32"), action.astype("int32"), reward, following.astype("int32")


strategy = tf.distribute.MirroredStrategy()
with strategy.scope():
    values = tf.Variable(tf.zeros([STATES, ACTIONS]), aggregation=tf.VariableAggregation.MEAN)


def replica_update(state, action, reward, following):
    table = values.read_value()
    where = tf.stack([state, action], axis=1)
    best = tf.reduce_max(tf.gather(table, following), axis=1)
    error = reward + GAMMA * best - tf.gather_nd(table, where)
    values.assign(tf.tensor_scatter_nd_add(table, where, ALPHA * error))
    return tf.reduce_sum(tf.abs(error))


def forget(state):
    """Back to zero for one state, in all copies."""
    values.assign(tf.tensor_scatter_nd_update(values.read_value(), [[state]], tf.zeros([1, ACTIONS])))


@tf.function
def update(*batch):
    return strategy.reduce("SUM", strategy.run(replica_update, args=batch), axis=None)


dataset = tf.data.Dataset.from_tensor_slices(transitions()).batch(BATCH)
for batch in strategy.experimental_distribute_dataset(dataset):
    print("surprise", float(update(*batch)) / BATCH)
    forget(STATES - 1)
print(values.numpy().round(3))
