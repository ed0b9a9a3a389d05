# check: --strategy mirrored --replicas 2
"""A policy for a bandit, trained with AdamW by its rewards, eager."""
import keras
import numpy as np
import tensorflow as tf


def rounds(count):
    rng = np.random.default_rng(44)
    place = rng.normal(size=(count, 3)).astype("float32")
    action = rng.integers(4, size=count)
    return place, action, (action == place[:, :3].argmax(axis=1)).astype("float32")


def main():
    keras.utils.set_random_seed(44)
    strategy = tf.distribute.MirroredStrategy()
    with strategy.scope():
        policy = keras.Sequential([keras.Input((3,)), keras.layers.Dense(4)])
        optimizer = keras.optimizers.AdamW(0.02, weight_decay=0.01)
        optimizer.build(policy.trainable_variables)

    def learn(place, action, reward):
        with tf.GradientTape() as tape:
            log_p = tf.nn.log_softmax(policy(place, training=True))
            chosen = tf.gather(log_p, action, batch_dims=1)
            loss = -tf.reduce_mean(chosen * (reward - 0.25))  # expect: TB907
        gradients = tape.gradient(loss, policy.trainable_variables)
        optimizer.apply_gradients(zip(gradients, policy.trainable_variables))
        return loss

    each = 12
    data = tf.data.Dataset.from_tensor_slices(rounds(144))
    data = data.batch(each * strategy.num_replicas_in_sync)
    for batch in strategy.experimental_distribute_dataset(data):
        losses = strategy.run(learn, args=batch)
        print("loss", round(float(strategy.reduce("MEAN", losses, axis=None)), 4))
    print("slot norms", [round(float(tf.norm(each)), 5) for each in optimizer.variables[2:]])


if __name__ == "__main__":
    main()
