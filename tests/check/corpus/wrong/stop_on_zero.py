# check: --strategy mirrored --replicas 2
"""Perceptron that stops when a batch had no errors."""
import tensorflow as tf

strategy = tf.distribute.MirroredStrategy()
with strategy.scope():
    weights = tf.Variable(tf.zeros([2]), aggregation=tf.VariableAggregation.SUM)


@tf.function
def train_step(x, y):
    def replica_step(x, y):
        wrong = tf.cast(tf.linalg.matvec(x, weights) * y <= 0.0, tf.float32)
        weights.assign_add(0.1 * tf.reduce_sum((wrong * y)[:, None] * x, axis=0))
        return tf.reduce_sum(wrong)

    return strategy.run(replica_step, args=(x, y))


x = tf.concat([tf.random.stateless_uniform([32, 2], seed=[4, 2]) - 0.5], axis=0)
y = tf.sign(x[:, 0] + 0.2 * x[:, 1])
data = tf.data.Dataset.from_tensor_slices((x, y)).batch(8)
epochs = 0
for epoch in range(4):
    errors_left = False
    for x, y in strategy.experimental_distribute_dataset(data):
        wrong = train_step(x, y)
        if wrong:  # expect: TB503
            errors_left = True
    epochs = epoch + 1
    if not errors_left:
        break
print("epochs", epochs)
