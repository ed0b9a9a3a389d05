# check: --strategy multi_worker_mirrored --workers 2 --replicas 1
"""Fits a mean on two workers; the report of an epoch is written from a dict."""
import numpy as np
import tensorflow as tf

metrics = {}


def main():
    strategy = tf.distribute.MultiWorkerMirroredStrategy()
    with strategy.scope():
        center = tf.Variable(0.0, aggregation=tf.VariableAggregation.MEAN)

    def replica_step(x):
        error = tf.reduce_mean(x) - center
        center.assign_add(0.5 * error)
        metrics["error"] = float(abs(error))  # expect: TB306

    data = np.random.default_rng(9).normal(loc=2.0, size=64).astype("float32")
    dataset = tf.data.Dataset.from_tensor_slices(data).batch(16)
    for epoch in range(3):
        for batch in strategy.experimental_distribute_dataset(dataset):
            strategy.run(replica_step, args=(batch,))
        print(f"epoch {epoch}: error {metrics['error']:.4f}, center {float(center.numpy()):.3f}")
        if metrics["error"] < 0.01:
            print("close enough")


if __name__ == "__main__":
    main()
