import tensorflow as tf

strategy = tf.distribute.MultiWorkerMirroredStrategy()


def dataset(context):
    data = tf.data.Dataset.range(8, output_type=tf.float32)
    return data.batch(2)


def step(x):
    return tf.reduce_sum(x)


for x in strategy.distribute_datasets_from_function(dataset):  # TB702
    totals = strategy.run(step, args=(x,))
    print(strategy.reduce("SUM", totals, axis=None).numpy())
