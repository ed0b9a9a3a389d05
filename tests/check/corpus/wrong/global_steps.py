# check: --strategy mirrored --replicas 2
"""Exponential decay by a number of steps that goes on by one for each replica, eager."""
import keras
import numpy as np
import tensorflow as tf

BATCH = 12


def rows(count=84):
    rng = np.random.default_rng(94)
    x = rng.normal(size=(count, 2)).astype("float32")
    return x, (x @ [[3.0], [1.0]]).astype("float32")


def main():
    strategy = tf.distribute.MirroredStrategy()
    with strategy.scope():
        weights = tf.Variable(tf.zeros([2, 1]))
        optimizer = keras.optimizers.SGD(0.2)
        optimizer.build([weights])

    def replica_step(x, y):
        with tf.GradientTape() as tape:
            loss = tf.reduce_sum(tf.square(tf.matmul(x, weights) - y)) / BATCH
        optimizer.apply_gradients([(tape.gradient(loss, weights), weights)])
        return loss

    global_step = 0
    data = tf.data.Dataset.from_tensor_slices(rows()).batch(BATCH)
    for batch in strategy.experimental_distribute_dataset(data):
        losses = strategy.run(replica_step, args=batch)
        global_step += len(strategy.experimental_local_results(losses))
        optimizer.learning_rate.assign(0.2 * 0.8**global_step)  # expect: TB906
        loss = strategy.reduce("SUM", losses, axis=None)
        print(f"step {global_step}: loss {float(loss):.4f}")
    print("weights", weights.numpy().ravel().round(4))


if __name__ == "__main__":
    main()
