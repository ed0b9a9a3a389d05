"""Shares out arrays by the policy for files."""
import numpy as np
import tensorflow as tf

strategy = tf.distribute.MultiWorkerMirroredStrategy()
x = np.random.default_rng(1).normal(size=(32, 3)).astype("float32")

options = tf.data.Options()
options.experimental_distribute.auto_shard_policy = tf.data.experimental.AutoShardPolicy.FILE
data = tf.data.Dataset.from_tensor_slices(x).batch(8).with_options(options)
for batch in strategy.experimental_distribute_dataset(data):
    strategy.run(tf.reduce_sum, args=(batch,))
