# check: --strategy mirrored --replicas 2
"""Stops when the loss has not improved for some epochs."""
import keras
import numpy as np
import tensorflow as tf


class EarlyStopping:
    def __init__(self, patience=2, min_delta=1e-3):
        self.patience = patience
        self.min_delta = min_delta
        self.best = np.inf
        self.waited = 0

    def should_stop(self, loss):
        if self.best - loss > self.min_delta:
            self.best = loss
            self.waited = 0
        else:
            self.waited += 1
        return self.waited > self.patience


def moons(rows=64):
    rng = np.random.default_rng(3)
    angle = rng.uniform(0, np.pi, size=rows)
    label = rng.integers(0, 2, size=rows)
    x = np.stack([np.cos(angle) + label, np.sin(angle) * (1 - 2 * label)], axis=1)
    return x.astype("float32"), label.astype("float32")[:, None]


def main():
    keras.utils.set_random_seed(10)
    strategy = tf.distribute.MirroredStrategy()
    with strategy.scope():
        model = keras.Sequential(
            [keras.Input((2,)), keras.layers.Dense(8, "tanh"), keras.layers.Dense(1)]
        )
        optimizer = keras.optimizers.Adam(0.05)
        optimizer.build(model.trainable_variables)

    def replica_step(x, y):
        with tf.GradientTape() as tape:
            each = tf.nn.sigmoid_cross_entropy_with_logits(
                labels=y, logits=model(x, training=True)
            )
            loss = tf.reduce_mean(each) / strategy.num_replicas_in_sync
        grads = tape.gradient(loss, model.trainable_variables)
        optimizer.apply_gradients(zip(grads, model.trainable_variables))
        return loss

    @tf.function
    def train_step(x, y):
        return strategy.run(replica_step, args=(x, y))

    stopping = EarlyStopping()
    dataset = tf.data.Dataset.from_tensor_slices(moons()).batch(16)
    for epoch in range(5):
        for x, y in strategy.experimental_distribute_dataset(dataset):
            losses = strategy.experimental_local_results(train_step(x, y))
        if stopping.should_stop(np.mean([loss.numpy() for loss in losses])):
            print("stopped after epoch", epoch)
            break
    print("best", float(stopping.best))


if __name__ == "__main__":
    main()
