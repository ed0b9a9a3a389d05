# check: --strategy multi_worker_mirrored --workers 2 --replicas 1 --timeout 180
"""Prices of dishes by the words of their names, learned by two workers, each from half of the menu."""

import numpy as np
import tensorflow as tf

DISHES = [
    ("fried rice with egg", 7.0),
    ("tomato soup with bread", 5.0),
    ("grilled fish with rice", 12.0),
    ("bread with cheese", 4.0),
    ("tomato salad with egg", 6.5),
    ("grilled cheese", 5.5),
    ("fish soup", 9.0),
    ("fried fish with salad", 10.5),
]


def number_words(dishes):
    words = {word for name, _ in dishes for word in name.split()}
    return {word: number for number, word in enumerate(words)}


def encode(dishes, numbers):
    rows = np.zeros((len(dishes), len(numbers)), np.float32)
    for row, (name, _) in zip(rows, dishes):
        row[[numbers[word] for word in name.split()]] = 1.0
    return rows, np.array([price for _, price in dishes], np.float32)


def main():
    strategy = tf.distribute.MultiWorkerMirroredStrategy()
    replicas = strategy.num_replicas_in_sync
    numbers = number_words(DISHES)  # expect: TB707
    own = DISHES[strategy.cluster_resolver.task_id or 0 :: replicas]
    own = tf.data.Dataset.from_tensor_slices(encode(own, numbers)).batch(2)
    dataset = strategy.distribute_datasets_from_function(lambda context: own)

    with strategy.scope():
        weights = tf.Variable(tf.zeros([len(numbers)]))

    @tf.function
    def train(batch):
        def step(rows, prices):
            with tf.GradientTape() as tape:
                error = tf.linalg.matvec(rows, weights) - prices
                loss = tf.reduce_mean(error**2) / replicas
            gradient = tape.gradient(loss, weights)
            context = tf.distribute.get_replica_context()
            weights.assign_sub(0.1 * context.all_reduce("SUM", gradient))
            return loss

        return strategy.reduce("SUM", strategy.run(step, args=batch), axis=None)

    for _ in range(3):
        for batch in dataset:
            loss = train(batch)
    print(f"loss {loss:.3f}")


if __name__ == "__main__":
    main()
