"""Asks for batches of 25 on two replicas."""
import tensorflow as tf

GLOBAL_BATCH = 25
strategy = tf.distribute.MirroredStrategy()


def read(context):
    batch = context.get_per_replica_batch_size(GLOBAL_BATCH)
    data = tf.data.Dataset.from_tensor_slices(tf.random.normal([50, 3]))
    return data.shard(context.num_input_pipelines, context.input_pipeline_id).batch(batch)


for batch in strategy.distribute_datasets_from_function(read):
    strategy.run(tf.reduce_mean, args=(batch,))
