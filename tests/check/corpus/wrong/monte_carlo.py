# check: --strategy mirrored --replicas 2
# holds: keras=">=3"
"""Estimates how sure a network is, by predicting often with dropout on (MC dropout)."""
import keras
import numpy as np
import tensorflow as tf

DRAWS = 4


def regressor():
    inputs = keras.Input((3,))
    hidden = keras.layers.Dense(32, activation="relu")(inputs)
    noise = keras.layers.Dropout(0.4, seed=5)  # expect: TB602
    return keras.Model(inputs, keras.layers.Dense(1)(noise(hidden)))


def spread(strategy, model, x):
    """Standard deviation of draws that all replicas make for the same inputs."""

    @tf.function
    def draw():
        return strategy.run(lambda: model(x, training=True))

    draws = []
    while len(draws) < DRAWS:
        draws.extend(p.numpy() for p in strategy.experimental_local_results(draw()))
    return np.std(np.stack(draws[:DRAWS]), axis=0)


def main():
    keras.utils.set_random_seed(13)
    strategy = tf.distribute.MirroredStrategy()
    with strategy.scope():
        model = regressor()
    x = np.random.default_rng(5).normal(size=(4, 3)).astype("float32")
    deviations = spread(strategy, model, x)
    for row, deviation in zip(x, deviations):
        print(row.round(2), f"+- {deviation[0]:.4f}")


if __name__ == "__main__":
    main()
