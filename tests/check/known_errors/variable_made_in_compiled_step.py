"""Makes its state lazily, in a function that XLA compiles."""
import tensorflow as tf

strategy = tf.distribute.MirroredStrategy()


class Scaler(tf.Module):
    scale = None

    @tf.function(jit_compile=True)
    def __call__(self, x):
        if self.scale is None:
            self.scale = tf.Variable(tf.ones([3]))
        return x * self.scale


scaler = Scaler()
strategy.run(lambda: scaler(tf.ones([4, 3])))
