# check: --strategy multi_worker_mirrored --workers 2 --replicas 1
"""One head per task on shared features; each worker begins with tasks of its own."""
import numpy as np
import tensorflow as tf

TASKS = ["age", "income", "region", "tenure"]
FEATURES, BATCH = 3, 8
START = {"age": 0.4, "income": 1.5, "region": -0.3, "tenure": 0.1}


def my_tasks_first(strategy):
    """Rotate the tasks so that workers build, and later export, different ones first."""
    rank = strategy.cluster_resolver.task_id or 0
    return TASKS[rank:] + TASKS[:rank]


def make_heads(strategy):
    heads = {}
    with strategy.scope():
        for task in my_tasks_first(strategy):
            heads[task] = tf.Variable(  # expect: TB106
                tf.fill([FEATURES], START[task]), aggregation=tf.VariableAggregation.SUM, name=task
            )
    return heads


def targets(x):
    return {task: x.sum(axis=1) * (1 + i) for i, task in enumerate(TASKS)}


def main():
    strategy = tf.distribute.MultiWorkerMirroredStrategy()
    heads = make_heads(strategy)
    x = np.random.default_rng(77).normal(size=(BATCH * 3, FEATURES)).astype("float32")

    def replica_step(x, y):
        loss = 0.0
        for task in TASKS:
            with tf.GradientTape() as tape:
                error = tf.linalg.matvec(x, heads[task]) - y[task]
                task_loss = tf.reduce_sum(tf.square(error)) / BATCH
            heads[task].assign_sub(0.05 * tape.gradient(task_loss, heads[task]))
            loss += task_loss
        return loss

    @tf.function
    def step(x, y):
        return strategy.reduce("SUM", strategy.run(replica_step, args=(x, y)), axis=None)

    options = tf.data.Options()
    options.experimental_distribute.auto_shard_policy = tf.data.experimental.AutoShardPolicy.DATA
    data = tf.data.Dataset.from_tensor_slices((x, targets(x))).batch(BATCH).with_options(options)
    for x, y in strategy.experimental_distribute_dataset(data):
        print("loss", float(step(x, y)))
    for task in TASKS:
        print(task, heads[task].numpy().round(3))


if __name__ == "__main__":
    main()
