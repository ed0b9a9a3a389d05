# check: --strategy multi_worker_mirrored --workers 2 --replicas 1
"""A classifier of plants by two measures, trained by two workers."""

import numpy as np
import tensorflow as tf

RECORDS = [
    (5.1, 0.2, "moss"),
    (6.4, 1.5, "fern"),
    (7.1, 2.1, "palm"),
    (4.9, 0.4, "moss"),
    (5.7, 1.3, "herb"),
    (6.9, 2.3, "palm"),
    (6.1, 1.4, "fern"),
    (5.5, 1.1, "herb"),
    (3.2, 0.1, "alga"),
    (8.3, 2.9, "pine"),
    (3.0, 0.2, "alga"),
    (8.0, 2.7, "pine"),
    (4.2, 1.9, "reed"),
    (7.4, 0.6, "vine"),
    (4.0, 1.8, "reed"),
    (7.7, 0.5, "vine"),
    (2.1, 0.8, "cress"),
    (9.1, 1.7, "cedar"),
    (2.4, 0.9, "cress"),
    (9.4, 1.6, "cedar"),
]


class Plants:
    def __init__(self, records):
        self.records = records
        self.labels = sorted(set(label for *_, label in records))

    def part(self, index, number):
        rows = self.records[index::number]
        measures = np.array([row[:2] for row in rows], np.float32)
        classes = np.array([self.labels.index(row[2]) for row in rows])
        return tf.data.Dataset.from_tensor_slices((measures, classes)).batch(3)


def main():
    strategy = tf.distribute.MultiWorkerMirroredStrategy()
    plants = Plants(RECORDS)
    replicas = strategy.num_replicas_in_sync
    part = plants.part(strategy.cluster_resolver.task_id or 0, replicas)
    dataset = strategy.distribute_datasets_from_function(lambda context: part)

    with strategy.scope():
        weights = tf.Variable(tf.zeros([2, len(plants.labels)]))
        biases = tf.Variable(tf.zeros([len(plants.labels)]))

    @tf.function
    def train(batch):
        def step(measures, classes):
            with tf.GradientTape() as tape:
                logits = measures @ weights + biases
                losses = tf.nn.sparse_softmax_cross_entropy_with_logits(classes, logits)
                loss = tf.reduce_mean(losses) / replicas
            gradients = tape.gradient(loss, [weights, biases])
            context = tf.distribute.get_replica_context()
            for variable, gradient in zip([weights, biases], context.all_reduce("SUM", gradients)):
                variable.assign_sub(0.1 * gradient)
            return loss

        return strategy.reduce("SUM", strategy.run(step, args=batch), axis=None)

    for _ in range(4):
        for batch in dataset:
            loss = train(batch)
    print(f"loss {loss:.3f}")
    print("classes", len(plants.labels))


if __name__ == "__main__":
    main()
