# check: --strategy multi_worker_mirrored --workers 2 --replicas 1
"""Labels each worker's log by its number, as the strategy gives it."""
import tensorflow as tf

LABELS = {0: "chief"}
strategy = tf.distribute.MultiWorkerMirroredStrategy()
resolver = strategy.cluster_resolver
with strategy.scope():
    weight = tf.Variable(2.0, aggregation=tf.VariableAggregation.MEAN)


@tf.function
def train_step():
    strategy.run(lambda: weight.assign_sub(0.1 * weight))


for _ in range(4):
    train_step()
print(LABELS[resolver.task_id or 0], weight.numpy().round(3))  # expect: TB501
