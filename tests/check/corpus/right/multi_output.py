# check: --strategy multi_worker_mirrored --workers 2 --replicas 1
"""One head per target on shared features; each worker reports other ones first."""
import numpy as np
import tensorflow as tf

START = {"age": 0.4, "income": 1.5, "region": -0.3, "tenure": 0.1}
TARGETS = set(START)
FEATURES, BATCH = 3, 8


def make_heads(strategy):
    with strategy.scope():
        return {
            target: tf.Variable(
                tf.fill([FEATURES], START[target]),
                aggregation=tf.VariableAggregation.SUM,
                name=target,
            )
            for target in sorted(TARGETS)
        }


def reported(rank):
    names = sorted(TARGETS)
    return names[rank:] + names[:rank]


def main():
    strategy = tf.distribute.MultiWorkerMirroredStrategy()
    heads = make_heads(strategy)
    x = np.random.default_rng(77).normal(size=(BATCH * 3, FEATURES)).astype("float32")
    y = {name: x.sum(axis=1) * (1 + i) for i, name in enumerate(sorted(TARGETS))}

    def replica_step(x, y):
        total = 0.0
        for name in sorted(heads):
            head = heads[name]
            with tf.GradientTape() as tape:
                loss = tf.reduce_sum(tf.square(tf.linalg.matvec(x, head) - y[name])) / BATCH
            head.assign_sub(0.05 * tape.gradient(loss, head))
            total += loss
        return total

    @tf.function
    def step(x, y):
        return strategy.reduce("SUM", strategy.run(replica_step, args=(x, y)), axis=None)

    options = tf.data.Options()
    options.experimental_distribute.auto_shard_policy = tf.data.experimental.AutoShardPolicy.DATA
    data = tf.data.Dataset.from_tensor_slices((x, y)).batch(BATCH).with_options(options)
    for batch in strategy.experimental_distribute_dataset(data):
        print("loss", float(step(*batch)))
    for name in reported(strategy.cluster_resolver.task_id or 0):
        print(name, heads[name].numpy().round(3))


if __name__ == "__main__":
    main()
