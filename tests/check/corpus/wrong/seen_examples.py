# check: --strategy mirrored --replicas 2
"""The learning rate falls with the examples that were seen, of which a replica counts its own."""
import keras
import numpy as np
import tensorflow as tf


class Trainer:
    def __init__(self, strategy, batch):
        self.strategy, self.batch = strategy, batch
        with strategy.scope():
            self.weights = tf.Variable(tf.zeros([2, 1]))
            self.seen = tf.Variable(
                0.0, trainable=False, aggregation=tf.VariableAggregation.MEAN
            )
            self.optimizer = keras.optimizers.SGD(0.1, momentum=0.5)
            self.optimizer.build([self.weights])

    def rate(self):
        return 0.3 / (1.0 + self.seen / 32.0)

    def replica_step(self, x, y):
        self.seen.assign_add(tf.cast(tf.shape(x)[0], tf.float32))  # expect: TB906
        with tf.GradientTape() as tape:
            errors = tf.square(tf.matmul(x, self.weights) - y)
            loss = tf.reduce_sum(errors) / self.batch
        self.optimizer.learning_rate.assign(self.rate())
        self.optimizer.apply_gradients([(tape.gradient(loss, self.weights), self.weights)])

    @tf.function
    def step(self, x, y):
        self.strategy.run(self.replica_step, args=(x, y))


def main():
    rng = np.random.default_rng(92)
    x = rng.normal(size=(96, 2)).astype("float32")
    y = (x @ [[1.0], [-2.0]]).astype("float32")
    strategy = tf.distribute.MirroredStrategy()
    trainer = Trainer(strategy, batch=16)
    data = tf.data.Dataset.from_tensor_slices((x, y)).batch(16)
    for batch in strategy.experimental_distribute_dataset(data):
        trainer.step(*batch)
        print("seen", int(trainer.seen.numpy()), "rate", round(float(trainer.rate()), 4))
    print("weights", trainer.weights.numpy().ravel().round(4))


main()
