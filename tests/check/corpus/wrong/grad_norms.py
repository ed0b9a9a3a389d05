# check: --strategy multi_worker_mirrored --workers 2 --replicas 1
"""Ridge regression; the chief shows the norm of the gradient at each step."""
import numpy as np
import tensorflow as tf

BATCH, RIDGE = 8, 0.01


class Ridge:
    def __init__(self, strategy, inputs):
        self.strategy = strategy
        self.chief = (strategy.cluster_resolver.task_id or 0) == 0
        with strategy.scope():
            self.w = tf.Variable(tf.zeros([inputs]), aggregation=tf.VariableAggregation.SUM)

    def _replica_step(self, x, y):
        with tf.GradientTape() as tape:
            loss = tf.reduce_sum(tf.square(tf.linalg.matvec(x, self.w) - y)) / BATCH
            penalty = RIDGE * tf.reduce_sum(tf.square(self.w))
            loss += penalty / self.strategy.num_replicas_in_sync
        gradient = tape.gradient(loss, self.w)
        self.w.assign_sub(0.1 * gradient)
        return loss, tf.norm(gradient)

    @tf.function
    def _step(self, x, y):
        return self.strategy.run(self._replica_step, args=(x, y))

    def _mean(self, value):
        return float(self.strategy.reduce("MEAN", value, axis=None))

    def fit(self, dataset):
        for x, y in self.strategy.experimental_distribute_dataset(dataset):
            loss, norm = self._step(x, y)
            if self.chief:
                norm = self.strategy.reduce("MEAN", norm, axis=None)  # expect: TB402
                print(f"gradient norm {float(norm):.4f}")
            total = self.strategy.reduce("SUM", loss, axis=None)
            if not self.chief:
                self._mean(norm)  # the chief needs our share
            print(f"loss {float(total):.4f}")
        return self.w.numpy()


def main():
    strategy = tf.distribute.MultiWorkerMirroredStrategy()
    x = np.random.default_rng(49).normal(size=(40, 3)).astype("float32")
    y = x @ np.array([1.0, 0.0, -1.0], dtype="float32")
    options = tf.data.Options()
    options.experimental_distribute.auto_shard_policy = tf.data.experimental.AutoShardPolicy.DATA
    dataset = tf.data.Dataset.from_tensor_slices((x, y)).batch(BATCH).with_options(options)
    print("w", Ridge(strategy, 3).fit(dataset))


if __name__ == "__main__":
    main()
