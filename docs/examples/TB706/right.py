import tensorflow as tf

strategy = tf.distribute.MultiWorkerMirroredStrategy()


def dataset(context):
    data = tf.data.Dataset.range(100, output_type=tf.float32)
    data = data.shard(context.num_input_pipelines, context.input_pipeline_id)
    return data.shuffle(100).batch(10)


def step(x):
    return tf.reduce_sum(x)


for x in strategy.distribute_datasets_from_function(dataset):
    totals = strategy.run(step, args=(x,))
    print(strategy.reduce("SUM", totals, axis=None).numpy())
