# check: --strategy mirrored --replicas 2
"""Evaluates a model whose weights are given; nothing is trained."""
import keras
import numpy as np
import tensorflow as tf


def main():
    strategy = tf.distribute.MirroredStrategy()
    with strategy.scope():
        model = keras.Sequential(
            [keras.Input((3,)), keras.layers.Dense(3, kernel_initializer="identity")]
        )
        accuracy = keras.metrics.SparseCategoricalAccuracy()
        mean_loss = keras.metrics.Mean()

    @tf.function
    def evaluate(iterator):
        def replica_step(x, label):
            logits = model(x, training=False)
            accuracy.update_state(label, logits)
            mean_loss.update_state(
                tf.nn.sparse_softmax_cross_entropy_with_logits(label, logits)
            )

        for _ in tf.range(4):
            strategy.run(replica_step, args=next(iterator))

    rng = np.random.default_rng(114)
    label = rng.integers(3, size=64)
    x = (rng.normal(size=(64, 3)) + np.eye(3)[label]).astype("float32")
    data = tf.data.Dataset.from_tensor_slices((x, label)).batch(16)
    evaluate(iter(strategy.experimental_distribute_dataset(data)))
    print("accuracy", round(float(accuracy.result()), 4))
    print("loss", round(float(mean_loss.result()), 4))


if __name__ == "__main__":
    main()
