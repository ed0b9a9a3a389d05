# check: --strategy mirrored --replicas 2
"""Ridge regression with noise on the inputs, whose weights per feature are tuned on the way."""
import numpy as np
import tensorflow as tf

rng = np.random.default_rng(21)
importance = np.ones(3, "float32")
strategy = tf.distribute.MirroredStrategy()
with strategy.scope():
    theta = tf.Variable(tf.zeros([3]), aggregation=tf.VariableAggregation.MEAN)


def jitter(x):
    return x + rng.normal(scale=0.1, size=3).astype("float32")  # expect: TB308


def replica_step(x, y):
    with tf.GradientTape() as tape:
        error = tf.linalg.matvec(jitter(x), theta) - y
        penalty = tf.reduce_sum(importance * tf.square(theta))  # expect: TB302
        loss = tf.reduce_mean(tf.square(error)) + 0.01 * penalty
    theta.assign_sub(0.1 * tape.gradient(loss, theta))
    return loss


@tf.function
def train_step(x, y):
    return strategy.reduce("mean", strategy.run(replica_step, args=(x, y)), axis=None)


if __name__ == "__main__":
    data = np.random.default_rng(5)
    x = data.normal(size=(64, 3)).astype("float32")
    y = x @ np.array([1.0, 0.0, -2.0], "float32")
    dataset = tf.data.Dataset.from_tensor_slices((x, y)).batch(16)
    for epoch in range(4):
        for batch in strategy.experimental_distribute_dataset(dataset):
            loss = train_step(*batch)
        importance[:] = 1.0 / (0.1 + np.abs(theta.numpy()))
        print(f"epoch {epoch}: loss {float(loss):.4f}, theta {theta.numpy().round(3)}")
