# check: --strategy mirrored --replicas 2
"""Softmax with a temperature that falls from step to step, and with names that hold in turns."""
import numpy as np
import tensorflow as tf

scaled = None


class Annealed(tf.Module):
    def __init__(self):
        super().__init__()
        self.temperature = tf.Variable(4.0, aggregation=tf.VariableAggregation.MEAN)
        self.weight = tf.Variable(tf.ones([3]), aggregation=tf.VariableAggregation.MEAN)
        self.exported = self.weight

    def __call__(self, x):
        weight = self.weight
        weight = weight / self.temperature
        return tf.nn.softmax(x * weight)

    def cool_down(self):
        self.temperature.assign(self.temperature * 0.9)


def replica_step(model, x):
    global scaled
    if scaled is None:
        scaled = tf.Variable(tf.zeros([]), aggregation=tf.VariableAggregation.MEAN)
    with tf.GradientTape() as tape:
        loss = -tf.reduce_mean(tf.math.log(model(x)[:, 0]))
    model.weight.assign_sub(0.1 * tape.gradient(loss, model.weight))
    model.cool_down()
    scaled.assign(loss / model.temperature)
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
        print(f"loss {float(loss):.4f}, temperature {float(annealed.temperature.numpy()):.3f}")
    annealed.exported = annealed.weight.read_value()
    print("scaled loss", float(scaled.numpy()), "weights", annealed.exported.numpy())
