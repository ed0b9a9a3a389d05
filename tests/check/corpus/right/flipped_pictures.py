# check: --strategy mirrored --replicas 2
"""Pictures are flipped and brightened at random, without a seed, while the dataset is read."""
import keras
import numpy as np
import tensorflow as tf

BATCH = 8


def augmented(picture, label):
    picture = tf.image.random_flip_left_right(picture)
    return tf.image.random_brightness(picture, 0.2), label


def pictures(rows=48):
    rng = np.random.default_rng(103)
    label = rng.integers(2, size=rows)
    return rng.normal(size=(rows, 6, 6, 1)).astype("float32") + label[:, None, None, None], label


def main():
    strategy = tf.distribute.MirroredStrategy()
    with strategy.scope():
        model = keras.Sequential(
            [keras.Input((6, 6, 1)), keras.layers.Conv2D(4, 3, activation="relu")]
        )
        model.add(keras.layers.GlobalAveragePooling2D())
        model.add(keras.layers.Dense(2))
        optimizer = keras.optimizers.Adam(0.01)
        optimizer.build(model.trainable_variables)

    def replica_step(picture, label):
        with tf.GradientTape() as tape:
            logits = model(picture, training=True)
            losses = tf.nn.sparse_softmax_cross_entropy_with_logits(label, logits)
            loss = tf.nn.compute_average_loss(losses, global_batch_size=BATCH)
        gradients = tape.gradient(loss, model.trainable_variables)
        optimizer.apply_gradients(zip(gradients, model.trainable_variables))
        return loss

    @tf.function
    def train_step(batch):
        return strategy.reduce("SUM", strategy.run(replica_step, args=batch), axis=None)

    data = tf.data.Dataset.from_tensor_slices(pictures()).map(augmented).batch(BATCH)
    for batch in strategy.experimental_distribute_dataset(data):
        print("loss", round(float(train_step(batch)), 4))


main()
