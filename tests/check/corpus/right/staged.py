# check: --strategy multi_worker_mirrored --workers 2 --replicas 1
"""Learns from easy examples first; each stage compiles a step of its own."""
import numpy as np
import tensorflow as tf

BATCH = 8


class Curriculum:
    def __init__(self):
        self.limit = 0.5

    def weights(self, x):
        return tf.cast(tf.norm(x, axis=1) < self.limit, tf.float32)

    def advance(self):
        self.limit += 0.7


def main():
    strategy = tf.distribute.MultiWorkerMirroredStrategy()
    curriculum = Curriculum()
    with strategy.scope():
        w = tf.Variable(tf.zeros([3]), aggregation=tf.VariableAggregation.SUM)

    def replica_step(x, y):
        weights = curriculum.weights(x)
        with tf.GradientTape() as tape:
            each = tf.square(tf.linalg.matvec(x, w) - y)
            loss = tf.reduce_sum(weights * each) / BATCH
        w.assign_sub(0.3 * tape.gradient(loss, w))
        return tf.reduce_sum(weights)

    def compile_step():
        @tf.function
        def step(x, y):
            return strategy.reduce("SUM", strategy.run(replica_step, args=(x, y)), axis=None)

        return step

    x = np.random.default_rng(70).uniform(-1, 1, size=(32, 3)).astype("float32")
    options = tf.data.Options()
    options.experimental_distribute.auto_shard_policy = tf.data.experimental.AutoShardPolicy.DATA
    dataset = tf.data.Dataset.from_tensor_slices((x, x[:, 0])).batch(BATCH).with_options(options)
    for stage in range(3):
        step = compile_step()
        used = 0
        for batch in strategy.experimental_distribute_dataset(dataset):
            used += int(step(*batch))
        print(f"stage {stage}: limit {curriculum.limit:.1f}, used {used} of 32, w {w.numpy()}")
        curriculum.advance()


if __name__ == "__main__":
    main()
