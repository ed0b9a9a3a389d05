# check: --strategy mirrored --replicas 2
"""Two layers with decoupled weight decay of a strength of their own."""
import numpy as np
import tensorflow as tf

BATCH, WIDTH = 10, 4


class TwoLayers(tf.Module):
    def __init__(self, seed):
        super().__init__(name="two_layers")
        rng = np.random.default_rng(seed)
        self.layers = [
            tf.Variable(
                rng.normal(size=(WIDTH, WIDTH)).astype("float32"),
                aggregation=tf.VariableAggregation.SUM,
                name=f"layer{number}",
            )
            for number in range(2)
        ]

    def __call__(self, x):
        return tf.matmul(tf.nn.tanh(tf.matmul(x, self.layers[0])), self.layers[1])


class Decay:
    def __init__(self, *strengths):
        self.strengths = strengths

    @tf.function
    def _shrink(self, weight, strength):
        return weight.assign(weight * (1.0 - strength))

    def apply(self, layers):
        for layer, strength in zip(layers, self.strengths):
            self._shrink(layer, tf.constant(strength))  # expect: TB203


def main():
    strategy = tf.distribute.MirroredStrategy()
    with strategy.scope():
        model = TwoLayers(seed=15)
    decay = Decay(0.5, 0.01)

    def replica_step(x):
        with tf.GradientTape() as tape:
            loss = tf.reduce_sum(tf.square(model(x) - x)) / (BATCH * WIDTH)
        for layer, grad in zip(model.layers, tape.gradient(loss, model.layers)):
            layer.assign_sub(0.1 * grad)
        return loss

    @tf.function
    def step(x):
        return strategy.reduce("SUM", strategy.run(replica_step, args=(x,)), axis=None)

    x = np.random.default_rng(16).normal(size=(40, WIDTH)).astype("float32")
    for batch in strategy.experimental_distribute_dataset(
        tf.data.Dataset.from_tensor_slices(x).batch(BATCH)
    ):
        loss = step(batch)
        decay.apply(model.layers)
        norms = [round(float(tf.norm(layer.read_value())), 4) for layer in model.layers]
        print("loss", round(float(loss), 4), "norms", norms)


if __name__ == "__main__":
    main()
