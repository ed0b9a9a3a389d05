# check: --strategy mirrored --replicas 2
"""An actor and a critic, each with a slowly following target."""
import numpy as np
import tensorflow as tf

OBS, BATCH, TAU = 3, 8, 0.25

strategy = tf.distribute.MirroredStrategy()

with strategy.scope():
    actor = tf.Variable(tf.fill([OBS], 0.1), aggregation=tf.VariableAggregation.SUM)
    critic = tf.Variable(tf.fill([OBS], 0.9), aggregation=tf.VariableAggregation.SUM)
    actor_target = tf.Variable(actor.read_value(), trainable=False)
    critic_target = tf.Variable(critic.read_value(), trainable=False)


@tf.function
def follow(target, source):
    """One step of Polyak averaging."""
    target.assign(TAU * source + (1.0 - TAU) * target)


def replica_step(observation, reward):
    with tf.GradientTape() as tape:
        value = tf.linalg.matvec(observation, critic)
        expected = reward + 0.9 * tf.linalg.matvec(observation, critic_target)
        critic_loss = tf.reduce_sum(tf.square(value - expected)) / BATCH
    critic.assign_sub(0.1 * tape.gradient(critic_loss, critic))
    with tf.GradientTape() as tape:
        action = tf.tanh(tf.linalg.matvec(observation, actor))
        actor_loss = -tf.reduce_sum(action * tf.stop_gradient(value)) / BATCH
    actor.assign_sub(0.1 * tape.gradient(actor_loss, actor))
    return critic_loss


@tf.function
def train(observation, reward):
    losses = strategy.run(replica_step, args=(observation, reward))
    return strategy.reduce("SUM", losses, axis=None)


def episodes():
    rng = np.random.default_rng(44)
    observations = rng.normal(size=(32, OBS)).astype("float32")
    return observations, observations[:, 0]


dataset = tf.data.Dataset.from_tensor_slices(episodes()).batch(BATCH)
for observation, reward in strategy.experimental_distribute_dataset(dataset):
    loss = train(observation, reward)
    follow(actor_target, actor)
    follow(critic_target, critic)  # expect: TB203
    print("critic loss", float(loss))

for name, variable in [("actor", actor_target), ("critic", critic_target)]:
    print(name, "target", variable.numpy())
