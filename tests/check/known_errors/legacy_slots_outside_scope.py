"""Fine-tunes a model of tf_keras that was built at import."""
import tensorflow as tf
import tf_keras

MODEL = tf_keras.Sequential([tf_keras.layers.Dense(1, input_shape=(3,))])

strategy = tf.distribute.MirroredStrategy()
with strategy.scope():
    optimizer = tf_keras.optimizers.legacy.SGD(0.1, momentum=0.9)


def replica_step(x):
    with tf.GradientTape() as tape:
        loss = tf.reduce_mean(tf.square(MODEL(x)))
    gradients = tape.gradient(loss, MODEL.trainable_variables)
    optimizer.apply_gradients(zip(gradients, MODEL.trainable_variables))


strategy.run(replica_step, args=(tf.ones([4, 3]),))
