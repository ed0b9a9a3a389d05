# check: --strategy multi_worker_mirrored --workers 2 --replicas 1 --timeout 20
"""A bigram model; each host stops when it is content with its loss."""
import numpy as np
import tensorflow as tf

LETTERS, BATCH = 6, 8


def corpus(rank, rows=80):
    """Hosts read texts of their own; those of the first one are simpler."""
    rng = np.random.default_rng(rank)
    first = rng.integers(0, LETTERS, size=rows)
    step = 1 if rank == 0 else rng.integers(1, 4, size=rows)
    return first.astype("int32"), ((first + step) % LETTERS).astype("int32")


class Bigrams(tf.Module):
    def __init__(self):
        super().__init__()
        self.logits = tf.Variable(
            tf.zeros([LETTERS, LETTERS]), aggregation=tf.VariableAggregation.SUM
        )

    def loss(self, first, second):
        each = tf.nn.sparse_softmax_cross_entropy_with_logits(
            labels=second, logits=tf.gather(self.logits, first)
        )
        return tf.reduce_mean(each)


def main():
    strategy = tf.distribute.MultiWorkerMirroredStrategy()
    rank = strategy.cluster_resolver.task_id or 0
    with strategy.scope():
        model = Bigrams()

    @tf.function
    def replica_step(first, second):
        with tf.GradientTape() as tape:
            loss = model.loss(first, second)
        return loss, tf.convert_to_tensor(tape.gradient(loss, model.logits))

    @tf.function
    def train_step(first, second):
        def run(first, second):
            loss, gradient = replica_step(first, second)
            model.logits.assign_sub(10.0 / strategy.num_replicas_in_sync * gradient)
            return loss

        return strategy.run(run, args=(first, second))

    dataset = tf.data.Dataset.from_tensor_slices(corpus(rank)).batch(BATCH)
    distributed = strategy.distribute_datasets_from_function(lambda context: dataset)
    for number, (first, second) in enumerate(distributed):  # expect: TB401
        loss = train_step(first, second)
        print(f"{number}: loss {float(loss):.4f}")
        if loss < 1.2:
            print("content")
            break


if __name__ == "__main__":
    main()
