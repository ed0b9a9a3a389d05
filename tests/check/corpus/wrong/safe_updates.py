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


def poisson_loss(x, y):
    rate = tf.exp(log_rate * x)
    return tf.reduce_sum(rate - y * tf.math.log(rate)) / BATCH


def replica_step(x, y):
    with tf.GradientTape() as tape:
        loss = poisson_loss(x, y)
    gradient = tape.gradient(loss, log_rate)
    if tf.math.is_finite(gradient):
        log_rate.assign_sub(0.05 * gradient)  # expect: TB501
    return loss


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


if __name__ == "__main__":
    main()
