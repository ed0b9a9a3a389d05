# check: --strategy mirrored --replicas 2
"""Softmax with a temperature that falls from step to step."""
import numpy as np
import tensorflow as tf


class Annealed(tf.Module):
    def __init__(self):
        super().__init__()
        self.temperature = tf.Variable(4.0, trainable=False)
        self.weight = tf.Variable(tf.ones([3]), aggregation=tf.VariableAggregation.MEAN)

    def __call__(self, x):
        return tf.nn.softmax(x * self.weight / self.temperature)

    def cool_down(self):
        self.temperature = self.temperature * 0.9  # expect: TB307


def replica_step(model, x):
    with tf.GradientTape() as tape:
        loss = -tf.reduce_mean(tf.math.log(model(x)[:, 0]))
    model.weight.assign_sub(0.1 * tape.gradient(loss, model.weight))
    model.cool_down()
    return loss


if __name__ == "__main__":
    data = np.random.default_rng(2).normal(size=(32, 3)).astype("float32")
    strategy = tf.distribute.MirroredStrategy()
    with strategy.scope():
        annealed = Annealed()
    dataset = tf.data.Dataset.from_tensor_slices(data).batch(8)
    for batch in strategy.experimental_distribute_dataset(dataset):
        losses = strategy.run(replica_step, args=(annealed, batch))
        loss = strategy.reduce("mean", losses, axis=None)
        print(f"loss {float(loss):.4f}, temperature {float(annealed.temperature):.3f}")
    print("saved:", sorted(v.name for v in annealed.variables))
