# check: --strategy multi_worker_mirrored --workers 2 --replicas 1
"""Weights for the tags of films, learned by two workers. Each worker numbers the tags of all films."""

import numpy as np
import tensorflow as tf

FILMS = [
    ("war drama", 3.0),
    ("space comedy", 7.0),
    ("war epic", 4.0),
    ("comedy drama", 6.0),
    ("space epic", 5.0),
    ("war comedy", 5.5),
    ("drama epic", 4.5),
    ("space drama", 5.2),
]


def number_tags(films):
    numbers = {}
    for tags, _ in films:
        for tag in tags.split():
            numbers.setdefault(tag, len(numbers))
    return numbers


def encode(films, numbers):
    rows = np.zeros((len(films), 8), np.float32)
    for row, (tags, _) in zip(rows, films):
        row[[numbers[tag] for tag in tags.split()]] = 1.0
    return rows, np.array([rating for _, rating in films], np.float32)


def main():
    strategy = tf.distribute.MultiWorkerMirroredStrategy()
    replicas = strategy.num_replicas_in_sync
    films = FILMS[strategy.cluster_resolver.task_id or 0 :: replicas]
    numbers = number_tags(FILMS)
    place_in_list = {tags: place for place, (tags, _) in enumerate(films)}
    own = tf.data.Dataset.from_tensor_slices(encode(films, numbers)).batch(2)
    dataset = strategy.distribute_datasets_from_function(lambda context: own)

    with strategy.scope():
        weights = tf.Variable(tf.zeros([8]))

    @tf.function
    def train(batch):
        def step(rows, ratings):
            with tf.GradientTape() as tape:
                error = tf.linalg.matvec(rows, weights) - ratings
                loss = tf.reduce_mean(error**2) / replicas
            gradient = tape.gradient(loss, weights)
            context = tf.distribute.get_replica_context()
            weights.assign_sub(0.1 * context.all_reduce("SUM", gradient))
            return loss

        return strategy.reduce("SUM", strategy.run(step, args=batch), axis=None)

    for _ in range(3):
        for batch in dataset:
            loss = train(batch)
    print(f"loss {loss:.3f}, the last film is number {place_in_list[films[-1][0]]}")


if __name__ == "__main__":
    main()
