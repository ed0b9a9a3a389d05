# check: --strategy multi_worker_mirrored --workers 2 --replicas 1
"""Fits a mean on two workers; the report of an epoch has what all workers agree on."""
import numpy as np
import tensorflow as tf

metrics = {}


def main():
    strategy = tf.distribute.MultiWorkerMirroredStrategy()
    rank = strategy.cluster_resolver.task_id
    shares = np.zeros(2, "float32")
    with strategy.scope():
        center = tf.Variable(0.0, aggregation=tf.VariableAggregation.MEAN)

    def replica_step(x):
        error = tf.reduce_mean(x) - center
        center.assign_add(0.5 * error)
        metrics[f"error of {rank}"] = float(abs(error))
        shares[rank] = abs(error)
        context = tf.distribute.get_replica_context()
        metrics["error"] = float(context.all_reduce(tf.distribute.ReduceOp.MEAN, abs(error)))

    data = np.random.default_rng(9).normal(loc=2.0, size=64).astype("float32")
    dataset = tf.data.Dataset.from_tensor_slices(data).batch(16)
    for epoch in range(3):
        for batch in strategy.experimental_distribute_dataset(dataset):
            strategy.run(replica_step, args=(batch,))
        own = metrics[f"error of {rank}"]
        print(f"epoch {epoch}: error {metrics['error']:.4f}, here {own:.4f} of {shares}")


if __name__ == "__main__":
    main()
