# check: --strategy mirrored --replicas 2
"""Logistic regression that keeps the mean of its losses by a small class of its own."""
import tensorflow as tf


class Mean(tf.Module):
    def __init__(self):
        super().__init__()
        self.total = tf.Variable(0.0, name="total")  # expect: TB103
        self.count = tf.Variable(0, name="count")  # expect: TB103

    def add(self, value):
        self.total.assign_add(value)
        self.count.assign_add(1)

    def result(self):
        return float(self.total.numpy()) / int(self.count.numpy())


strategy = tf.distribute.MirroredStrategy()
# One copy for both replicas: their quotient is right, and not on several workers.
losses = Mean()
with strategy.scope():
    weights = tf.Variable(tf.zeros([4]), aggregation=tf.VariableAggregation.MEAN)


@tf.function
def train_step(x, y):
    def replica_step(x, y):
        with tf.GradientTape() as tape:
            logits = tf.linalg.matvec(x, weights)
            loss = tf.reduce_mean(tf.nn.sigmoid_cross_entropy_with_logits(y, logits))
        weights.assign_sub(0.5 * tape.gradient(loss, weights))
        losses.add(loss)

    strategy.run(replica_step, args=(x, y))


x = tf.random.stateless_normal([32, 4], seed=[2, 7])
y = tf.cast(x[:, 0] > 0.0, tf.float32)
data = tf.data.Dataset.from_tensor_slices((x, y)).batch(8)
for epoch in range(2):
    for x, y in strategy.experimental_distribute_dataset(data):
        train_step(x, y)
    print("epoch", epoch, "mean loss so far", losses.result())
