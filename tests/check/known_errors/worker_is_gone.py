"""Each worker trains on its own days, and one has more days than the other."""
import tensorflow as tf

strategy = tf.distribute.MultiWorkerMirroredStrategy()
with strategy.scope():
    weight = tf.Variable(0.0, aggregation=tf.VariableAggregation.MEAN)

days = tf.data.Dataset.range(4 if strategy.cluster_resolver.task_id == 0 else 2)


@tf.function
def train_step(day):
    strategy.run(lambda day: weight.assign_add(tf.cast(day, tf.float32)), args=(day,))


for day in days:
    train_step(day)
print("weight", weight.numpy())
