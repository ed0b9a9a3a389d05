# check: --strategy mirrored --replicas 2
"""An actor and a critic, each with a slowly following target."""
import numpy as np
import tensorflow as tf

OBS, BATCH, TAU = 3, 8, 0.25


class Followed(tf.Module):
    """A weight and what follows it."""

    def __init__(self, start):
        super().__init__()
        self.weight = tf.Variable(tf.fill([OBS], start), aggregation=tf.VariableAggregation.SUM)
        self.target = tf.Variable(tf.fill([OBS], start), trainable=False)


strategy = tf.distribute.MirroredStrategy()
with strategy.scope():
    actor, critic = Followed(0.1), Followed(0.9)
    scale = tf.Variable(1.0, trainable=False)


@tf.function
def follow(pair, tau):
    """One step of Polyak averaging."""
    pair.target.assign(tau * pair.weight + (1.0 - tau) * pair.target)


@tf.function
def rescale(variable):
    variable.assign(variable * 0.5)


def replica_step(observation, reward):
    with tf.GradientTape() as tape:
        value = tf.linalg.matvec(observation, critic.weight)
        expected = scale * reward + 0.9 * tf.linalg.matvec(observation, critic.target)
        critic_loss = tf.reduce_sum(tf.square(value - expected)) / BATCH
    critic.weight.assign_sub(0.1 * tape.gradient(critic_loss, critic.weight))
    with tf.GradientTape() as tape:
        action = tf.tanh(tf.linalg.matvec(observation, actor.weight))
        actor_loss = -tf.reduce_sum(action * tf.stop_gradient(value)) / BATCH
    actor.weight.assign_sub(0.1 * tape.gradient(actor_loss, actor.weight))
    return critic_loss


@tf.function
def train(observation, reward):
    losses = strategy.run(replica_step, args=(observation, reward))
    return strategy.reduce("SUM", losses, axis=None)


observations = np.random.default_rng(44).normal(size=(32, OBS)).astype("float32")
dataset = tf.data.Dataset.from_tensor_slices((observations, observations[:, 0])).batch(BATCH)
for observation, reward in strategy.experimental_distribute_dataset(dataset):
    loss = train(observation, reward)
    for pair in (actor, critic):
        follow(pair, TAU)
    rescale(scale)  # always this one
    print("critic loss", float(loss))

for name, pair in [("actor", actor), ("critic", critic)]:
    print(name, "target", pair.target.numpy())
