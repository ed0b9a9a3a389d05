# check: --strategy mirrored --replicas 2
"""Cross-validation: a new model, optimizer and metric for each fold."""
import keras
import numpy as np
import tensorflow as tf

FOLDS, BATCH = 4, 8


def reviews():
    counts = np.random.default_rng(23).poisson(1.0, size=(64, 12)).astype("float32")
    good = (counts[:, :6].sum(axis=1) > counts[:, 6:].sum(axis=1)).astype("float32")
    return counts, good[:, None]


def new_fold(strategy):
    with strategy.scope():
        net = keras.Sequential([keras.Input((12,)), keras.layers.Dense(1)])
        optimizer = keras.optimizers.SGD(0.1)
        optimizer.build(net.trainable_variables)

    def learn(x, y):
        with tf.GradientTape() as tape:
            logits = net(x, training=True)
            losses = keras.losses.binary_crossentropy(y, logits, from_logits=True)
            loss = tf.reduce_sum(losses) / BATCH
        grads = tape.gradient(loss, net.trainable_variables)
        optimizer.apply_gradients(zip(grads, net.trainable_variables))
        return loss

    @tf.function
    def step(x, y):
        return strategy.reduce("SUM", strategy.run(learn, args=(x, y)), axis=None)

    return net, step


def main():
    keras.utils.set_random_seed(4)
    strategy = tf.distribute.MirroredStrategy()
    x, y = reviews()
    scores = []
    for fold in range(FOLDS):
        held = np.arange(len(x)) % FOLDS == fold
        net, step = new_fold(strategy)
        data = tf.data.Dataset.from_tensor_slices((x[~held], y[~held])).batch(BATCH)
        mean_loss = keras.metrics.Mean()
        for batch in strategy.experimental_distribute_dataset(data):
            mean_loss.update_state(step(*batch))
        accuracy = keras.metrics.BinaryAccuracy(threshold=0.0)
        accuracy.update_state(y[held], net(x[held]))
        scores.append(float(accuracy.result()))
        print(f"fold {fold}: loss {float(mean_loss.result()):.3f}, accuracy {scores[-1]:.3f}")
    print(f"mean accuracy {np.mean(scores):.3f}")


if __name__ == "__main__":
    main()
