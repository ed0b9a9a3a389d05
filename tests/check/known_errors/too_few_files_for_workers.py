"""Trains on one file of records."""
import os
import tempfile

import tensorflow as tf

strategy = tf.distribute.MultiWorkerMirroredStrategy()
path = os.path.join(tempfile.mkdtemp(), "train.tfrecord")
with tf.io.TFRecordWriter(path) as writer:
    for number in range(16):
        writer.write(str(number).encode())

options = tf.data.Options()
options.experimental_distribute.auto_shard_policy = tf.data.experimental.AutoShardPolicy.FILE
records = tf.data.TFRecordDataset(path).batch(4).with_options(options)
for batch in strategy.experimental_distribute_dataset(records):
    strategy.run(tf.strings.length, args=(batch,))
