# check: --strategy mirrored --replicas 2
# holds: keras=">=3"
"""A residual network with synchronized batch normalization."""
import keras
import numpy as np
import tensorflow as tf

BATCH = 8


def residual(x, filters):
    shortcut = x
    x = keras.layers.Conv2D(filters, 3, padding="same", use_bias=False)(x)
    x = keras.layers.BatchNormalization(momentum=0.5, synchronized=True)(x)
    x = keras.layers.ReLU()(x)
    return keras.layers.Add()([shortcut, x])


def resnet(classes=3):
    inputs = keras.Input((6, 6, 2))
    x = residual(inputs, 2)
    x = keras.layers.GlobalAveragePooling2D()(x)
    return keras.Model(inputs, keras.layers.Dense(classes)(x))


def pictures(rows=32):
    rng = np.random.default_rng(91)
    labels = rng.integers(0, 3, size=rows)
    images = rng.normal(size=(rows, 6, 6, 2)) + labels[:, None, None, None]
    return images.astype("float32"), labels.astype("int32")


def main():
    keras.utils.set_random_seed(7)
    strategy = tf.distribute.MirroredStrategy()
    with strategy.scope():
        model = resnet()
        optimizer = keras.optimizers.SGD(0.05, momentum=0.9)
        optimizer.build(model.trainable_variables)

    def replica_step(images, labels):
        with tf.GradientTape() as tape:
            logits = model(images, training=True)
            each = tf.nn.sparse_softmax_cross_entropy_with_logits(labels=labels, logits=logits)
            loss = tf.nn.compute_average_loss(each, global_batch_size=BATCH)
        gradients = tape.gradient(loss, model.trainable_variables)
        optimizer.apply_gradients(zip(gradients, model.trainable_variables))
        return loss

    @tf.function
    def train_step(images, labels):
        return strategy.reduce("SUM", strategy.run(replica_step, args=(images, labels)), axis=None)

    dataset = tf.data.Dataset.from_tensor_slices(pictures()).batch(BATCH)
    for images, labels in strategy.experimental_distribute_dataset(dataset):
        print("loss", float(train_step(images, labels)))
    moving = [v for v in model.non_trainable_variables if "moving_mean" in v.path]
    print("moving mean", moving[0].numpy())


if __name__ == "__main__":
    main()
