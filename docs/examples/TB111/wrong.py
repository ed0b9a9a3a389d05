import tensorflow as tf

v1 = tf.compat.v1
SUM = tf.VariableAggregation.SUM
strategy = tf.distribute.MirroredStrategy()


def weight():
    with v1.variable_scope("model", reuse=v1.AUTO_REUSE):
        return v1.get_variable("weight", initializer=1.0, aggregation=SUM)  # TB111


with strategy.scope():
    trained = weight()

data = tf.data.Dataset.range(8, output_type=tf.float32).batch(4)
for x in strategy.experimental_distribute_dataset(data):
    strategy.run(lambda x: trained.assign_add(tf.reduce_sum(x)), args=(x,))
with strategy.scope():
    print("weight", weight().numpy())
