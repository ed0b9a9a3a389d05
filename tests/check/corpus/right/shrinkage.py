# check: --strategy mirrored --replicas 2
"""Two layers with decoupled weight decay of a strength of their own."""
import numpy as np
import tensorflow as tf

BATCH, WIDTH = 10, 4


class Layer(tf.Module):
    def __init__(self, rng, decay):
        super().__init__(name="layer")
        self.decay = decay
        self.weight = tf.Variable(
            rng.normal(size=(WIDTH, WIDTH)).astype("float32"),
            aggregation=tf.VariableAggregation.SUM,
        )

    def __call__(self, x):
        return tf.matmul(x, self.weight)

    @tf.function
    def shrink(self):
        self.weight.assign(self.weight * (1.0 - self.decay))


def main():
    strategy = tf.distribute.MirroredStrategy()
    rng = np.random.default_rng(15)
    with strategy.scope():
        first, second = Layer(rng, 0.5), Layer(rng, 0.01)

    def replica_step(x):
        weights = [first.weight, second.weight]
        with tf.GradientTape() as tape:
            outputs = second(tf.nn.tanh(first(x)))
            loss = tf.reduce_sum(tf.square(outputs - x)) / (BATCH * WIDTH)
        for weight, grad in zip(weights, tape.gradient(loss, weights)):
            weight.assign_sub(0.1 * grad)
        return loss

    @tf.function
    def step(x):
        return strategy.reduce("SUM", strategy.run(replica_step, args=(x,)), axis=None)

    x = np.random.default_rng(16).normal(size=(40, WIDTH)).astype("float32")
    data = tf.data.Dataset.from_tensor_slices(x).batch(BATCH)
    for batch in strategy.experimental_distribute_dataset(data):
        loss = step(batch)
        first.shrink()
        second.shrink()
        norms = [round(float(tf.norm(n.weight.read_value())), 4) for n in (first, second)]
        print("loss", round(float(loss), 4), "norms", norms)


if __name__ == "__main__":
    main()
