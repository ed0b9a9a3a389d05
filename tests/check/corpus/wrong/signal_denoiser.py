# check: --strategy mirrored --replicas 2
"""A linear denoiser: learns to take noise out of signals."""
import numpy as np
import tensorflow as tf

FEATURES, BATCH = 6, 8

tf.random.set_seed(2)
strategy = tf.distribute.MirroredStrategy()
with strategy.scope():
    filter_weights = tf.Variable(tf.eye(FEATURES), aggregation=tf.VariableAggregation.SUM)


def spoiled(clean):
    return clean + tf.random.normal(tf.shape(clean), stddev=0.3, seed=11)  # expect: TB603


def replica_step(clean):
    noisy = spoiled(clean)
    with tf.GradientTape() as tape:
        loss = tf.reduce_sum(tf.square(tf.matmul(noisy, filter_weights) - clean)) / BATCH
    filter_weights.assign_sub(0.05 * tape.gradient(loss, filter_weights))
    return loss


@tf.function
def train_step(clean):
    return strategy.reduce("SUM", strategy.run(replica_step, args=(clean,)), axis=None)


def main():
    signals = np.random.default_rng(5).normal(size=(64, FEATURES)).astype("float32")
    data = tf.data.Dataset.from_tensor_slices(signals).batch(BATCH)
    for epoch in range(2):
        for batch in strategy.experimental_distribute_dataset(data):
            loss = train_step(batch)
        print(f"epoch {epoch}: {float(loss):.4f}")


if __name__ == "__main__":
    main()
