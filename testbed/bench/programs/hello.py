"""A small program as people write it: the workers of a strategy add up once, and say so."""

import tensorflow as tf


def main() -> None:
    """Meet the others, add up one from each of them, and print the sum."""
    strategy = tf.distribute.MultiWorkerMirroredStrategy()
    total = strategy.run(
        lambda: tf.distribute.get_replica_context().all_reduce("sum", tf.constant(1))
    )
    print(f"hello from {int(total)} workers")


if __name__ == "__main__":
    main()
