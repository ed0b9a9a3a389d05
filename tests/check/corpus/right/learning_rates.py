# check: --strategy mirrored --replicas 2
"""Tries a learning rate on each replica: models of their own, all shown the same batches."""
import numpy as np
import tensorflow as tf

FEATURES, BATCH = 3, 8
RATES = [0.2, 0.02]

strategy = tf.distribute.MirroredStrategy()
with strategy.scope():
    own = {
        "synchronization": tf.VariableSynchronization.ON_READ,
        "aggregation": tf.VariableAggregation.MEAN,
    }
    slope = tf.Variable(tf.zeros([FEATURES, 1]), **own)
    tried = tf.Variable(tf.zeros([FEATURES, 1]), **own)

rates = strategy.experimental_distribute_values_from_function(
    lambda context: tf.constant(RATES[context.replica_id_in_sync_group % len(RATES)])
)


def descend(weights, x, y, rate):
    now = tf.convert_to_tensor(weights)
    with tf.GradientTape() as tape:
        tape.watch(now)
        loss = tf.reduce_mean(tf.square(tf.matmul(x, now) - y))
    weights.assign_sub(rate * tape.gradient(loss, now))
    return loss


@tf.function
def with_rates(x, y, rate):
    return strategy.run(lambda x, y, rate: descend(slope, x, y, rate), args=(x, y, rate))


@tf.function
def alike(x, y):
    # As many models as replicas, which learn the same; their losses count as one each.
    losses = strategy.run(lambda x, y: descend(tried, x, y, 0.1), args=(x, y))
    return strategy.reduce("SUM", losses, axis=None) / strategy.num_replicas_in_sync


def main():
    x = np.random.default_rng(8).normal(size=(48, FEATURES)).astype("float32")
    y = x @ np.float32([[1.0], [-2.0], [0.5]])
    for x, y in tf.data.Dataset.from_tensor_slices((x, y)).batch(BATCH):
        losses = strategy.experimental_local_results(with_rates(x, y, rates))
        together = alike(x, y)
    told = zip(RATES, losses)
    print(", ".join(f"rate {rate}: {float(loss):.4f}" for rate, loss in told), float(together))


if __name__ == "__main__":
    main()
