# check: --strategy mirrored --replicas 2
"""A linear denoiser with noise of each replica's own, and what replicas are to have in common."""
import numpy as np
import tensorflow as tf

FEATURES, HIDDEN, BATCH, SEED = 6, 5, 8, 7

strategy = tf.distribute.MirroredStrategy()
with strategy.scope():
    weights = tf.Variable(tf.zeros([HIDDEN, FEATURES]), aggregation=tf.VariableAggregation.SUM)
    generator = tf.random.Generator.from_seed(5)


def spoiled(clean, step):
    replica = tf.distribute.get_replica_context().replica_id_in_sync_group
    seed = tf.random.experimental.stateless_fold_in(tf.stack([SEED, step]), replica)
    noise = tf.random.stateless_normal(tf.shape(clean), seed=seed, stddev=0.3)
    return clean + noise + 0.1 * generator.normal(tf.shape(clean))


def replica_step(clean, step):
    # The same projection in every step, and one coin for all examples of the batch.
    projection = tf.random.stateless_normal([FEATURES, HIDDEN], seed=[1, 2])
    sign = tf.where(tf.random.stateless_uniform([], seed=tf.stack([3, step])) < 0.5, -1.0, 1.0)
    hidden = tf.matmul(sign * spoiled(clean, step), projection)
    # Every replica shakes the weights, which are to stay alike, in the same way.
    shaken = weights + tf.random.normal(weights.shape, stddev=0.01, seed=9)
    with tf.GradientTape() as tape:
        tape.watch(shaken)
        loss = tf.reduce_sum(tf.square(tf.matmul(hidden, shaken) - sign * clean)) / BATCH
    weights.assign_sub(0.01 * tape.gradient(loss, shaken))
    return loss


@tf.function
def train_step(clean, step):
    return strategy.reduce("SUM", strategy.run(replica_step, args=(clean, step)), axis=None)


@tf.function
def sample():
    """What becomes of the same noise each time; the first replica's is shown."""
    return strategy.run(
        lambda: tf.matmul(tf.random.stateless_normal([4, HIDDEN], seed=[0, 1]), weights)
    )


def main():
    signals = np.random.default_rng(5).normal(size=(64, FEATURES)).astype("float32")
    data = tf.data.Dataset.from_tensor_slices(signals).batch(BATCH)
    for step, batch in enumerate(strategy.experimental_distribute_dataset(data)):
        loss = train_step(batch, tf.constant(step))
        shown = strategy.experimental_local_results(sample())[0]
    print("loss", round(float(loss), 4), "sample", shown.numpy()[0].round(3))


if __name__ == "__main__":
    main()
