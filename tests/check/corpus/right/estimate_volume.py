# check: --strategy mirrored --replicas 2
"""Estimates a volume by throwing darts; each replica throws its own, by a seed that it is given."""
import tensorflow as tf

DARTS, ROUNDS = 200, 6


def hits(seed):
    darts = tf.random.stateless_uniform([DARTS, 3], seed=seed)
    inside = tf.reduce_sum(tf.square(darts), axis=1) < 1.0
    return tf.reduce_sum(tf.cast(inside, tf.float32))


def main():
    strategy = tf.distribute.MirroredStrategy()
    inside, thrown = 0.0, 0
    for number in range(ROUNDS):
        seeds = strategy.experimental_distribute_values_from_function(
            lambda context: tf.constant([number, context.replica_id_in_sync_group])
        )
        found = strategy.run(hits, args=(seeds,))
        inside += float(strategy.reduce("SUM", found, axis=None))
        thrown += DARTS * strategy.num_replicas_in_sync
    print(f"{thrown} darts: {8.0 * inside / thrown:.4f}")


if __name__ == "__main__":
    main()
