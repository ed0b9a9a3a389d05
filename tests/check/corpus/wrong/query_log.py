# check: --strategy mirrored --replicas 2
"""Counts how often each query was seen while a ranking model trains."""
import tensorflow as tf

QUERIES = ["red shoes", "blue hat", "red shoes", "green scarf"] * 8
PRICES = [[3.0], [1.0], [3.5], [2.0]] * 8


class QueryLog:
    def __init__(self):
        self.table = tf.lookup.experimental.MutableHashTable(  # expect: TB108
            tf.string, tf.int64, default_value=0
        )

    def batch_done(self, name):
        key = tf.constant([name])
        self.table.insert(key, self.table.lookup(key) + 1)

    def batches(self, name):
        return int(self.table.lookup(tf.constant(name)))


strategy = tf.distribute.MirroredStrategy()
log = QueryLog()
with strategy.scope():
    weight = tf.Variable([[0.1]], aggregation=tf.VariableAggregation.MEAN)


@tf.function
def train_step(prices):
    def replica_step(prices):
        loss = tf.reduce_mean(tf.square(prices * weight - 1.0))
        weight.assign_sub(0.01 * tf.reduce_mean(prices, keepdims=True))
        log.batch_done("train")
        return loss

    return strategy.reduce("MEAN", strategy.run(replica_step, args=(prices,)), axis=None)


data = tf.data.Dataset.from_tensor_slices(PRICES).batch(8)
for number, prices in enumerate(strategy.experimental_distribute_dataset(data)):
    print(number, "loss", float(train_step(prices)))
print("batches", log.batches("train"))
