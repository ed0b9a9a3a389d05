"""A device whose work takes the time that a program asks for, however fast the machine is."""

import time

import tensorflow as tf


def work(x, each=0.0, base=0.0):
    """Return `x` after `base` seconds, and `each` seconds for every row."""

    def wait(value):
        time.sleep(base + each * len(value))
        return value

    # A stateful operation of one replica would wait for that of another.
    done = tf.numpy_function(wait, [x], x.dtype, stateful=False)
    done.set_shape(x.shape)
    return done


class Work(tf.keras.layers.Layer):
    """A layer that takes as long as `work`."""

    def __init__(self, each=0.0, base=0.0):
        super().__init__()
        self.each, self.base = each, base

    def call(self, x):
        """Return `x` later."""
        return x + tf.stop_gradient(work(x, self.each, self.base) - x)


def rows(number=4096, width=16):
    """Random rows and their sums."""
    x = tf.random.stateless_normal([number, width], [1, 2])
    return x, tf.reduce_sum(x, 1, keepdims=True)


def linear(width=16):
    """A model of one layer."""
    return tf.keras.Sequential([tf.keras.Input([width]), tf.keras.layers.Dense(1)])


def step_of(strategy, model, optimizer, batch, before=lambda x, y: x):
    """A compiled step of training; `before` changes the rows of a replica."""

    def replica(x, y):
        x = before(x, y)
        with tf.GradientTape() as tape:
            loss = tf.reduce_sum((model(x, training=True) - y) ** 2) / batch
        gradients = tape.gradient(loss, model.trainable_variables)
        optimizer.apply_gradients(zip(gradients, model.trainable_variables, strict=True))
        return loss

    @tf.function
    def step(x, y):
        return strategy.reduce("SUM", strategy.run(replica, args=(x, y)), axis=None)

    return step
