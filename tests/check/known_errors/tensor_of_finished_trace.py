"""Keeps the last loss on the trainer, to log it later."""
import tensorflow as tf

strategy = tf.distribute.MirroredStrategy()


class Trainer:
    def __init__(self):
        with strategy.scope():
            self.weight = tf.Variable(2.0)

    def step(self, x):
        self.loss = tf.reduce_mean(tf.square(self.weight - x))

    @tf.function
    def train(self, x):
        strategy.run(self.step, args=(x,))


trainer = Trainer()
trainer.train(tf.ones([4]))
smooth = tf.add(0.9 * 1.0, 0.1 * trainer.loss)
