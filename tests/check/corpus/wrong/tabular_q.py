# check: --strategy mirrored --replicas 2
"""Q-learning on a table of states; replicas learn from different episodes."""
import numpy as np
import tensorflow as tf

STATES, ACTIONS, BATCH = 5, 2, 8
GAMMA, ALPHA = 0.9, 0.3


class QTable(tf.Module):
    def __init__(self):
        super().__init__()
        self.values = tf.Variable(  # expect: TB201
            tf.zeros([STATES, ACTIONS]), aggregation=tf.VariableAggregation.MEAN
        )


def transitions(count=40):
    rng = np.random.default_rng(14)
    state = rng.integers(0, STATES - 1, size=count)
    action = rng.integers(0, ACTIONS, size=count)
    step = np.where(action == 1, 1, -1)
    following = np.clip(state + step, 0, STATES - 1)
    reward = (following == STATES - 1).astype("float32")
    return state.astype("int32"), action.astype("int32"), reward, following.astype("int32")


strategy = tf.distribute.MirroredStrategy()
with strategy.scope():
    table = QTable()


def td_error(state, action, reward, following):
    best = tf.reduce_max(tf.gather(table.values, following), axis=1)
    taken = tf.gather_nd(tf.identity(table.values), tf.stack([state, action], axis=1))
    return reward + GAMMA * best - taken


def replica_update(state, action, reward, following):
    error = td_error(state, action, reward, following)
    where = tf.stack([state, action], axis=1)
    update = tf.scatter_nd(where, ALPHA * error, [STATES, ACTIONS])
    table.values.assign_add(update)
    # the most surprising state starts again from what was seen last
    worst = tf.argmax(tf.abs(error), output_type=tf.int32)
    table.values[state[worst], action[worst]].assign(reward[worst])
    return tf.reduce_sum(tf.abs(error))


@tf.function
def update(*batch):
    return strategy.reduce("SUM", strategy.run(replica_update, args=batch), axis=None)


dataset = tf.data.Dataset.from_tensor_slices(transitions()).batch(BATCH)
for batch in strategy.experimental_distribute_dataset(dataset):
    print("surprise", float(update(*batch)) / BATCH)
print(table.values.numpy().round(3))
