"""A small user program: the workers of a strategy add up once, and print the sum."""

import tensorflow as tf


def main() -> None:
    """Build the strategy, add up one from each worker, and print the sum."""
    strategy = tf.distribute.MultiWorkerMirroredStrategy()
    total = strategy.run(
        lambda: tf.distribute.get_replica_context().all_reduce("sum", tf.constant(1))
    )
    print(f"hello from {int(total)} workers")


if __name__ == "__main__":
    main()
