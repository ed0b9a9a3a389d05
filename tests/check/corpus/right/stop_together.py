# check: --strategy multi_worker_mirrored --workers 2 --replicas 1
"""A bigram model; all hosts stop when the mean loss is low enough."""
import numpy as np
import tensorflow as tf

LETTERS, BATCH = 6, 8


def corpus(rank, rows=80):
    """Hosts read texts of their own; those of the first one are simpler."""
    rng = np.random.default_rng(rank)
    first = rng.integers(0, LETTERS, size=rows)
    step = 1 if rank == 0 else rng.integers(1, 4, size=rows)
    return first.astype("int32"), ((first + step) % LETTERS).astype("int32")


def main():
    strategy = tf.distribute.MultiWorkerMirroredStrategy()
    rank = strategy.cluster_resolver.task_id or 0
    with strategy.scope():
        logits = tf.Variable(
            tf.zeros([LETTERS, LETTERS]), aggregation=tf.VariableAggregation.SUM
        )

    @tf.function
    def gradient_of(first, second):
        with tf.GradientTape() as tape:
            each = tf.nn.sparse_softmax_cross_entropy_with_logits(
                labels=second, logits=tf.gather(logits, first)
            )
            loss = tf.reduce_mean(each)
        return loss, tf.convert_to_tensor(tape.gradient(loss, logits))

    @tf.function
    def train_step(first, second):
        def run(first, second):
            loss, gradient = gradient_of(first, second)
            logits.assign_sub(10.0 / strategy.num_replicas_in_sync * gradient)
            return loss

        own = strategy.run(run, args=(first, second))
        return own, strategy.reduce("MEAN", own, axis=None)

    dataset = tf.data.Dataset.from_tensor_slices(corpus(rank)).batch(BATCH)
    distributed = strategy.distribute_datasets_from_function(lambda context: dataset)
    for number, (first, second) in enumerate(distributed):
        own, mean = train_step(first, second)
        if own < 1.2:
            print(f"{number}: this host alone would stop now")
        if mean < 1.3:
            print(f"stopped after {number} with {float(mean):.4f}")
            break


if __name__ == "__main__":
    main()
