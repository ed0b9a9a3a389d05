import os
import tempfile

import tensorflow as tf

strategy = tf.distribute.MultiWorkerMirroredStrategy()
is_chief = (strategy.cluster_resolver.task_id or 0) == 0
with strategy.scope():
    weight = tf.Variable(1.0, aggregation=tf.VariableAggregation.MEAN)
checkpoint = tf.train.Checkpoint(weight=weight)
# All workers save, because saving may need them all; what the others save is thrown away.
folder = os.path.join(tempfile.gettempdir(), "model") if is_chief else tempfile.mkdtemp()
checkpoint.write(os.path.join(folder, "epoch-1"))
