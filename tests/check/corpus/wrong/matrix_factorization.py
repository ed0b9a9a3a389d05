# check: --strategy multi_worker_mirrored --workers 2 --replicas 1
"""Factorizes a small matrix of ratings."""
import numpy as np
import tensorflow as tf

USERS, ITEMS, RANK = 6, 5, 2
BATCH = 6


def ratings():
    rng = np.random.default_rng(41)
    users = rng.integers(0, USERS, size=36)
    items = rng.integers(0, ITEMS, size=36)
    stars = 1.0 + (users + items) % 5
    return users.astype("int32"), items.astype("int32"), stars.astype("float32")


class Factors:
    def __init__(self, seed=6):
        init = np.random.default_rng(seed)
        self.user = tf.Variable(init.normal(size=(USERS, RANK)).astype("f4"))  # expect: TB104
        self.item = tf.Variable(init.normal(size=(ITEMS, RANK)).astype("f4"))  # expect: TB104

    def predict(self, users, items):
        return tf.reduce_sum(tf.gather(self.user, users) * tf.gather(self.item, items), axis=1)

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
        self.factors = Factors()

    def dataset(self):
        data = tf.data.Dataset.from_tensor_slices(ratings()).batch(BATCH)
        options = tf.data.Options()
        options.experimental_distribute.auto_shard_policy = (
            tf.data.experimental.AutoShardPolicy.DATA
        )
        return self.strategy.experimental_distribute_dataset(data.with_options(options))

    @tf.function
    def step(self, users, items, stars):
        def replica(users, items, stars):
            return self.factors.descend(users, items, stars, 0.1)

        losses = self.strategy.run(replica, args=(users, items, stars))
        return self.strategy.reduce("MEAN", losses, axis=None)

    def train(self, epochs):
        for epoch in range(epochs):
            for batch in self.dataset():
                loss = self.step(*batch)
            print(f"epoch {epoch}: {float(loss):.4f}")


runner = Runner()
runner.train(2)
print("user 0, item 0:", float(runner.factors.predict([0], [0])[0]))
