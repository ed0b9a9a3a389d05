# check: --strategy mirrored --replicas 2
"""Cross-validation: each fold begins with a new model, but for the trace of the first one."""
import numpy as np
import tensorflow as tf

strategy = tf.distribute.MirroredStrategy()
model = None


class Linear(tf.Module):
    def __init__(self):
        super().__init__()
        self.weight = tf.Variable(tf.zeros([2]), aggregation=tf.VariableAggregation.MEAN)

    def __call__(self, x):
        return tf.linalg.matvec(x, self.weight)


def replica_step(x, y):
    with tf.GradientTape() as tape:
        loss = tf.reduce_mean(tf.square(model(x) - y))  # expect: TB302
    model.weight.assign_sub(0.2 * tape.gradient(loss, model.weight))
    return loss


@tf.function
def train_step(x, y):
    return strategy.reduce("mean", strategy.run(replica_step, args=(x, y)), axis=None)


def main():
    global model
    rng = np.random.default_rng(10)
    x = rng.normal(size=(60, 2)).astype("float32")
    y = x @ np.array([2.0, -1.0], "float32")
    for fold in range(3):
        with strategy.scope():
            model = Linear()
        held_out = np.arange(60) % 3 == fold
        dataset = tf.data.Dataset.from_tensor_slices((x[~held_out], y[~held_out])).batch(8)
        for batch in strategy.experimental_distribute_dataset(dataset):
            train_step(*batch)
        error = tf.reduce_mean(tf.square(model(x[held_out]) - y[held_out]))
        print(f"fold {fold}: error {float(error):.4f}")


if __name__ == "__main__":
    main()
