"""The chief alone computes the mean of the workers' losses."""
import threading

import tensorflow as tf

options = tf.distribute.experimental.CommunicationOptions(timeout_seconds=3)
strategy = tf.distribute.MultiWorkerMirroredStrategy(communication_options=options)
done = threading.Event()


@tf.function
def loss():
    return strategy.run(lambda: tf.random.uniform([]))


if strategy.cluster_resolver.task_id == 0:
    print("mean loss", strategy.reduce("MEAN", loss(), axis=None))
    done.set()
done.wait(20)
