import os
import tempfile

import tensorflow as tf

strategy = tf.distribute.MultiWorkerMirroredStrategy()
with strategy.scope():
    weight = tf.Variable(1.0, aggregation=tf.VariableAggregation.MEAN)
checkpoint = tf.train.Checkpoint(weight=weight)
folder = os.path.join(tempfile.gettempdir(), "model")
checkpoint.write(os.path.join(folder, "epoch-1"))  # TB801
