# check: --strategy mirrored --replicas 2
"""Leaves a step out when its gradient is not finite."""
import numpy as np
import tensorflow as tf

BATCH = 8


def pick_strategy():
    if len(tf.config.list_logical_devices("CPU")) + len(tf.config.list_logical_devices("GPU")) > 1:
        return tf.distribute.MirroredStrategy()
    return tf.distribute.get_strategy()


strategy = pick_strategy()
with strategy.scope():
    log_rate = tf.Variable(0.0, aggregation=tf.VariableAggregation.SUM)
    skipped = tf.Variable(
        0,
        trainable=False,
        synchronization=tf.VariableSynchronization.ON_READ,
        aggregation=tf.VariableAggregation.SUM,
    )


def replica_step(x, y):
    with tf.GradientTape() as tape:
        rate = tf.exp(log_rate * x)
        loss = tf.reduce_sum(rate - y * tf.math.log(rate)) / BATCH
    gradient = tape.gradient(loss, log_rate)
    finite = tf.math.is_finite(gradient)
    if not finite:
        skipped.assign_add(1)
    log_rate.assign_sub(tf.where(finite, 0.05 * gradient, 0.0))
    return tf.where(finite, loss, 0.0)


@tf.function
def train_step(x, y):
    return strategy.reduce("SUM", strategy.run(replica_step, args=(x, y)), axis=None)


def main():
    rng = np.random.default_rng(58)
    x = rng.uniform(0, 2, size=48).astype("float32")
    y = rng.poisson(np.exp(0.6 * x)).astype("float32")
    x[13] = np.inf
    dataset = tf.data.Dataset.from_tensor_slices((x, y)).batch(BATCH)
    for batch in strategy.experimental_distribute_dataset(dataset):
        print("loss", float(train_step(*batch)), "rate", float(log_rate.numpy()))
    print("skipped", skipped.numpy())


if __name__ == "__main__":
    main()
