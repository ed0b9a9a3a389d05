# check: --strategy mirrored --replicas 2
"""Logistic regression with momentum; the loss is averaged over all replicas."""
import keras
import numpy as np
import tensorflow as tf


class ViewRanker:
    def __init__(self, strategy, features):
        self.strategy = strategy
        self.batch = 16 * strategy.num_replicas_in_sync
        with strategy.scope():
            self.weights = tf.Variable(tf.zeros([features]))
            self.optimizer = keras.optimizers.SGD(0.3, momentum=0.9)
            self.optimizer.build([self.weights])

    def loss(self, x, clicked):
        logits = tf.linalg.matvec(x, self.weights)
        losses = tf.nn.sigmoid_cross_entropy_with_logits(clicked, logits)
        return tf.nn.compute_average_loss(losses, global_batch_size=self.batch)

    def replica_step(self, x, clicked):
        with tf.GradientTape() as tape:
            loss = self.loss(x, clicked)
        self.optimizer.apply_gradients([(tape.gradient(loss, self.weights), self.weights)])
        return loss

    @tf.function
    def step(self, x, clicked):
        losses = self.strategy.run(self.replica_step, args=(x, clicked))
        return self.strategy.reduce("SUM", losses, axis=None)


rng = np.random.default_rng(52)
x = rng.normal(size=(160, 4)).astype("float32")
clicked = (x[:, 0] > x[:, 1]).astype("float32")

strategy = tf.distribute.MirroredStrategy()
ranker = ViewRanker(strategy, 4)
data = tf.data.Dataset.from_tensor_slices((x, clicked)).batch(ranker.batch)
for x, clicked in strategy.experimental_distribute_dataset(data):
    print("loss", round(float(ranker.step(x, clicked)), 4))
print("weights", ranker.weights.numpy().round(4))
