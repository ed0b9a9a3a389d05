# check: --strategy mirrored --replicas 2
"""Estimates an area by throwing darts, a round of darts on each replica."""
import tensorflow as tf

DARTS, ROUNDS = 200, 6


def hits(round_number):
    darts = tf.random.stateless_uniform([DARTS, 2], seed=[3, round_number])  # expect: TB603
    inside = tf.reduce_sum(tf.square(darts), axis=1) < 1.0
    return tf.reduce_sum(tf.cast(inside, tf.float32))


class Estimate:
    def __init__(self, strategy):
        self.strategy = strategy
        self.inside = 0.0
        self.thrown = 0

    def play(self, round_number):
        found = self.strategy.run(lambda: hits(round_number))
        self.inside += float(self.strategy.reduce("SUM", found, axis=None))
        self.thrown += DARTS * self.strategy.num_replicas_in_sync

    @property
    def area(self):
        return 4.0 * self.inside / self.thrown


def main():
    estimate = Estimate(tf.distribute.MirroredStrategy())
    for round_number in range(ROUNDS):
        estimate.play(round_number)
    print(f"{estimate.thrown} darts: {estimate.area:.4f}")


if __name__ == "__main__":
    main()
