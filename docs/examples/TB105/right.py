import tensorflow as tf

strategy = tf.distribute.MirroredStrategy()
with strategy.scope():
    total = tf.Variable(0.0, aggregation=tf.VariableAggregation.SUM)


def count(examples):
    total.assign_add(examples)
    return total.numpy()


data = tf.data.Dataset.range(8, output_type=tf.float32).batch(2)
for x in strategy.experimental_distribute_dataset(data):
    sizes = strategy.run(lambda x: tf.cast(tf.size(x), tf.float32), args=(x,))
    print(count(strategy.reduce("SUM", sizes, axis=None)), "examples so far")
