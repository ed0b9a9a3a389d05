# check: --strategy mirrored --replicas 2
"""Smooths a stream whose length is unknown; the step itself takes the next batch."""
import tensorflow as tf

KEPT = 0.8


def readings():
    for number in range(45):
        yield float(number % 7) - 3.0


strategy = tf.distribute.MirroredStrategy()
signature = tf.TensorSpec([], tf.float32)
data = tf.data.Dataset.from_generator(readings, output_signature=signature).batch(6)
with strategy.scope():
    level = tf.Variable(0.0, aggregation=tf.VariableAggregation.MEAN)
    calls = tf.Variable(0, aggregation=tf.VariableAggregation.ONLY_FIRST_REPLICA)


def smooth(batch):
    calls.assign_add(1)
    level.assign(KEPT * level + (1 - KEPT) * tf.reduce_sum(batch) / 3.0)


def run_through():
    stream = iter(strategy.experimental_distribute_dataset(data))

    @tf.function
    def step():
        strategy.run(smooth, args=(next(stream),))

    steps = 0
    try:
        while True:
            step()
            steps += 1
    except tf.errors.OutOfRangeError:
        return steps


for epoch in range(3):
    print(f"{epoch}: {run_through()} batches")
