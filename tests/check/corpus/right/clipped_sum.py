# check: --strategy mirrored --replicas 2
# holds: keras=">=3"
"""Logistic regression on noisy clicks, Keras 3; gradients are clipped once, after their sum."""
import keras
import numpy as np
import tensorflow as tf

BATCH = 16


def main():
    strategy = tf.distribute.MirroredStrategy()
    with strategy.scope():
        model = keras.Sequential(
            [keras.Input((4,)), keras.layers.Dense(1, kernel_initializer="zeros")]
        )
        # Equal gradients of all replicas are added up again when they are applied.
        rate = 0.5 / strategy.num_replicas_in_sync
        optimizer = keras.optimizers.SGD(rate, global_clipnorm=0.5)
        optimizer.build(model.trainable_variables)

    def replica_step(x, y):
        with tf.GradientTape() as tape:
            losses = tf.nn.sigmoid_cross_entropy_with_logits(y, model(x, training=True)[:, 0])
            loss = tf.nn.compute_average_loss(losses, global_batch_size=BATCH)
        gradients = tape.gradient(loss, model.trainable_variables)
        gradients = tf.distribute.get_replica_context().all_reduce("SUM", gradients)
        optimizer.apply_gradients(zip(gradients, model.trainable_variables))
        return loss

    @tf.function
    def train_step(x, y):
        return strategy.reduce("SUM", strategy.run(replica_step, args=(x, y)), axis=None)

    rng = np.random.default_rng(8)
    x = rng.normal(size=(64, 4)).astype("float32")
    y = (x[:, 0] > 0.2).astype("float32")
    data = tf.data.Dataset.from_tensor_slices((x, y)).batch(BATCH)
    for epoch in range(3):
        for batch in strategy.experimental_distribute_dataset(data):
            loss = train_step(*batch)
        print(f"epoch {epoch}: {float(loss):.3f}")


if __name__ == "__main__":
    main()
