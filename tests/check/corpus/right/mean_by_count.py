# check: --strategy mirrored --replicas 2
"""The mean height of a forest's trees: sums and counts of all replicas, then one division."""
import tensorflow as tf

PER_REPLICA = 4

strategy = tf.distribute.MirroredStrategy()
heights = tf.random.stateless_uniform([64], seed=[5, 6], minval=2.0, maxval=30.0)
batch = PER_REPLICA * strategy.num_replicas_in_sync
data = strategy.experimental_distribute_dataset(
    tf.data.Dataset.from_tensor_slices(heights).batch(batch)
)


def measure(trees):
    return tf.reduce_sum(trees), tf.size(trees, out_type=tf.float32)


means = []
for trees in data:
    total, count = strategy.run(measure, args=(trees,))
    trees_of_all = strategy.reduce("SUM", count, axis=None)
    means.append(float(strategy.reduce("SUM", total, axis=None) / trees_of_all))
print(means)
