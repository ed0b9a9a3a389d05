# check: --strategy multi_worker_mirrored --workers 2 --replicas 1
"""Calibrates a common zero from the readings of all hosts, then fits the gain."""
import numpy as np
import tensorflow as tf

BATCH = 8


def own_readings(rank, rows=32):
    """Every host has a sensor of its own."""
    x = np.random.default_rng(100 + rank).uniform(0, 1, size=rows).astype("float32")
    return x, (1.7 * x + 0.2 + 0.1 * rank).astype("float32")


class Sensor(tf.Module):
    def __init__(self):
        super().__init__(name="sensor")
        self.gain = tf.Variable(1.0, aggregation=tf.VariableAggregation.SUM)
        self.zero = tf.Variable(0.0, trainable=False, name="zero")

    def __call__(self, x):
        return self.gain * x + self.zero

    def calibrate(self, strategy, x, y):
        own = tf.constant(y[np.argsort(x)[:4]].mean())
        self.zero.assign(strategy.reduce("MEAN", own, axis=None))


def main():
    strategy = tf.distribute.MultiWorkerMirroredStrategy()
    rank = strategy.cluster_resolver.task_id or 0
    x, y = own_readings(rank)
    with strategy.scope():
        sensor = Sensor()
    sensor.calibrate(strategy, x, y)

    def replica_step(x, y):
        with tf.GradientTape() as tape:
            loss = tf.reduce_sum(tf.square(sensor(x) - y)) / BATCH
        sensor.gain.assign_sub(0.2 * tape.gradient(loss, sensor.gain))
        return loss

    @tf.function
    def step(x, y):
        return strategy.reduce("SUM", strategy.run(replica_step, args=(x, y)), axis=None)

    local = BATCH // strategy.num_replicas_in_sync
    dataset = strategy.distribute_datasets_from_function(
        lambda context: tf.data.Dataset.from_tensor_slices((x, y)).batch(local)
    )
    for _, (x, y) in zip(range(4), dataset):
        print("loss", float(step(x, y)))
    print("gain", sensor.gain.numpy(), "zero", sensor.zero.numpy())


if __name__ == "__main__":
    main()
