# check: --strategy multi_worker_mirrored --workers 2 --replicas 1
"""Factorizes a small matrix of ratings."""
import numpy as np
import tensorflow as tf

USERS, ITEMS, RANK, BATCH = 6, 5, 2, 6


def ratings():
    rng = np.random.default_rng(41)
    users = rng.integers(0, USERS, size=36)
    items = rng.integers(0, ITEMS, size=36)
    return users.astype("int32"), items.astype("int32"), (1.0 + (users + items) % 5).astype("f4")


class Factors:
    def __init__(self, seed=6):
        init = np.random.default_rng(seed)
        mean = tf.VariableAggregation.MEAN
        self.user = tf.Variable(init.normal(size=(USERS, RANK)).astype("f4"), aggregation=mean)
        self.item = tf.Variable(init.normal(size=(ITEMS, RANK)).astype("f4"), aggregation=mean)
        self.overall = np.float32(3.0)

    def predict(self, users, items):
        dots = tf.reduce_sum(tf.gather(self.user, users) * tf.gather(self.item, items), axis=1)
        return dots + self.overall

    def descend(self, users, items, stars, lr):
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean(tf.square(self.predict(users, items) - stars))
        d_user, d_item = tape.gradient(loss, [self.user, self.item])
        self.user.assign_sub(lr * tf.convert_to_tensor(d_user))
        self.item.assign_sub(lr * tf.convert_to_tensor(d_item))
        return loss


class Runner:
    def __init__(self):
        self.strategy = tf.distribute.MultiWorkerMirroredStrategy()
        self.batches = 0
        with self.strategy.scope():
            self.factors = Factors()

    @tf.function
    def step(self, users, items, stars):
        def replica(users, items, stars):
            return self.factors.descend(users, items, stars, 0.1)

        losses = self.strategy.run(replica, args=(users, items, stars))
        return self.strategy.reduce("MEAN", losses, axis=None)

    def train(self, epochs):
        options = tf.data.Options()
        options.experimental_distribute.auto_shard_policy = (
            tf.data.experimental.AutoShardPolicy.DATA
        )
        data = tf.data.Dataset.from_tensor_slices(ratings()).batch(BATCH).with_options(options)
        for epoch in range(epochs):
            for batch in self.strategy.experimental_distribute_dataset(data):
                loss = self.step(*batch)
                self.batches += 1
            print(f"epoch {epoch}: {float(loss):.4f} after {self.batches} batches")


runner = Runner()
runner.train(2)
print("user 0, item 0:", float(runner.factors.predict([0], [0])[0]))
