import threading

import tensorflow as tf

strategy = tf.distribute.MirroredStrategy()
counters = {}


def create():
    counters["steps"] = tf.Variable(0.0, aggregation=tf.VariableAggregation.MEAN)


with strategy.scope():  # TB110
    thread = threading.Thread(target=create)
    thread.start()
    thread.join()


def step(x):
    counters["steps"].assign_add(1.0)


@tf.function
def train(x):
    strategy.run(step, args=(x,))


data = tf.data.Dataset.from_tensor_slices([1.0, 2.0, 3.0, 4.0]).batch(2)
for x in strategy.experimental_distribute_dataset(data):
    train(x)
print(counters["steps"].numpy(), "steps")
