# check: --strategy multi_worker_mirrored --workers 2 --replicas 1
"""Fits the weight of parcels to their size, in one pass in random order."""
import numpy as np
import tensorflow as tf

ROWS, BATCH = 96, 8

sizes = np.linspace(0.1, 1.0, ROWS).astype("float32")


def parcels(context):
    rows = tf.data.Dataset.from_tensor_slices((sizes, 3.0 * sizes))
    rows = rows.shuffle(ROWS)  # expect: TB706
    rows = rows.shard(context.num_input_pipelines, context.input_pipeline_id)
    return rows.batch(context.get_per_replica_batch_size(BATCH))


strategy = tf.distribute.MultiWorkerMirroredStrategy()
with strategy.scope():
    slope = tf.Variable(0.0, aggregation=tf.VariableAggregation.SUM)


@tf.function
def train_step(size, target):
    def replica_step(size, target):
        with tf.GradientTape() as tape:
            loss = tf.reduce_sum((slope * size - target) ** 2) / BATCH
        slope.assign_sub(0.2 * tape.gradient(loss, slope))
        return tf.size(size)

    sizes = strategy.run(replica_step, args=(size, target))
    return strategy.reduce("SUM", sizes, axis=None)


def main():
    rows = 0
    for size, target in strategy.distribute_datasets_from_function(parcels):
        rows += int(train_step(size, target))
    print("rows", rows, "of", ROWS)


if __name__ == "__main__":
    main()
