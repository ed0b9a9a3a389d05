import tensorflow as tf

strategy = tf.distribute.MirroredStrategy()


class Model(tf.Module):
    def __init__(self):
        self.weight = tf.Variable(1.0, aggregation=tf.VariableAggregation.SUM)


with strategy.scope():
    model = Model()

data = tf.data.Dataset.range(8, output_type=tf.float32).batch(4)
for x in strategy.experimental_distribute_dataset(data):
    strategy.run(lambda x: model.weight.assign_add(tf.reduce_sum(x)), args=(x,))
print("weight", model.weight.numpy())
