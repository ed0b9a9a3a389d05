# check: --strategy mirrored --replicas 2
"""Trains until the loss is low enough; the loss is watched through a variable."""
import numpy as np
import tensorflow as tf

TARGET = 0.05
BATCH = 8

last_loss = tf.Variable(float("inf"), name="last_loss")  # expect: TB102


def batches(count=10):
    rng = np.random.default_rng(13)
    for _ in range(count):
        x = rng.normal(size=(BATCH, 2)).astype("float32")
        yield x, (x[:, :1] * 0.5 + x[:, 1:]).astype("float32")


class Model(tf.Module):
    def __init__(self):
        super().__init__()
        self.w = tf.Variable(tf.zeros([2, 1]), aggregation=tf.VariableAggregation.SUM)

    def __call__(self, x):
        return tf.matmul(x, self.w)


strategy = tf.distribute.MirroredStrategy()
with strategy.scope():
    model = Model()


def replica_step(x, y):
    with tf.GradientTape() as tape:
        loss = tf.reduce_sum(tf.square(model(x) - y)) / BATCH
    model.w.assign_sub(0.4 * tape.gradient(loss, model.w))
    last_loss.assign(loss)


@tf.function
def step(x, y):
    strategy.run(replica_step, args=(x, y))


dataset = tf.data.Dataset.from_generator(
    batches,
    output_signature=(
        tf.TensorSpec((BATCH, 2), tf.float32),
        tf.TensorSpec((BATCH, 1), tf.float32),
    ),
)
taken = 0
for x, y in strategy.experimental_distribute_dataset(dataset):
    step(x, y)
    taken += 1
    print(f"{taken}: {last_loss.numpy():.4f}")
    if last_loss < TARGET:
        print("good enough")
        break
print("w", model.w.numpy().ravel())
