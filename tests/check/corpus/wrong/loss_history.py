# check: --strategy mirrored --replicas 2
"""Polynomial fit that keeps the history of its losses for a plot."""
import keras
import numpy as np
import tensorflow as tf

DEGREE, BATCH = 3, 8
history = []


def powers(t):
    return np.stack([t**k for k in range(DEGREE + 1)], axis=1).astype("float32")


def curve(rows=48):
    t = np.random.default_rng(52).uniform(-1, 1, size=rows)
    return powers(t), (1 - t + 2 * t**3).astype("float32")[:, None]


keras.utils.set_random_seed(0)
strategy = tf.distribute.MirroredStrategy()
with strategy.scope():
    model = keras.Sequential(
        [keras.Input((DEGREE + 1,)), keras.layers.Dense(1, use_bias=False)]
    )
    optimizer = keras.optimizers.Adam(0.1)
    optimizer.build(model.trainable_variables)


def step(x, y):
    with tf.GradientTape() as tape:
        loss = tf.reduce_sum(tf.square(model(x, training=True) - y)) / BATCH
    gradients = tape.gradient(loss, model.trainable_variables)
    optimizer.apply_gradients(zip(gradients, model.trainable_variables))
    history.append(float(loss))  # expect: TB301
    return loss


def sparkline(values):
    blocks = " .:-=+*#"
    top = max(values)
    return "".join(blocks[int(7 * v / top)] for v in values)


def main():
    dataset = tf.data.Dataset.from_tensor_slices(curve()).batch(BATCH)
    for epoch in range(2):
        for x, y in strategy.experimental_distribute_dataset(dataset):
            strategy.run(step, args=(x, y))
        print("epoch", epoch, "steps so far", len(history))
    print(sparkline(history))
    print("mean loss", sum(history) / len(history))


main()
