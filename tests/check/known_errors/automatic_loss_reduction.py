"""A loop of its own that uses a loss of tf_keras as it is."""
import tensorflow as tf
import tf_keras

strategy = tf.distribute.MirroredStrategy()
with strategy.scope():
    model = tf_keras.Sequential([tf_keras.layers.Dense(2, input_shape=(3,))])
    optimizer = tf_keras.optimizers.SGD(0.1)
    loss_of = tf_keras.losses.SparseCategoricalCrossentropy(from_logits=True)


def replica_step(x, labels):
    with tf.GradientTape() as tape:
        loss = loss_of(labels, model(x))
    optimizer.apply_gradients(zip(tape.gradient(loss, model.trainable_variables), model.trainable_variables))
    return loss


@tf.function
def train_step(x, labels):
    return strategy.run(replica_step, args=(x, labels))


train_step(tf.ones([4, 3]), tf.zeros([4], tf.int64))
