"""Errors of distributed datasets."""

from __future__ import annotations

from testbed.check.known_errors.entry import EMPTY, KERAS, TENSORFLOW, KnownError, Sign

_INPUT = r"tensorflow/python/distribute/input_(?:lib|util)\.py:"

ERRORS = (
    KnownError(
        "next_within_step",
        "next is called on a distributed iterator inside a step",
        (Sign(("ValueError",), r"next\(iterator\) should be called from outside of replica_fn"),),
        "the iterator gives the batches of all replicas at once, and a step is one replica",
        "call next outside and pass the batch: strategy.run(step, args=(next(iterator),))",
        """\
data = tf.data.Dataset.range(8).batch(4)
iterator = iter(strategy.experimental_distribute_dataset(data))

def step():
    return tf.reduce_sum(next(iterator))

strategy.run(step)
""",
        """\
data = tf.data.Dataset.range(8).batch(4)
iterator = iter(strategy.experimental_distribute_dataset(data))

def step(batch):
    return tf.reduce_sum(batch)

strategy.run(step, args=(next(iterator),))
""",
        scenario="dataset_iterator.distributed_iterator",
    ),
    KnownError(
        "data_ended_in_function",
        "the data end before the steps do, inside a tf.function",
        (Sign(("OutOfRangeError",), r"End of sequence"),),
        "next(iterator) in a tf.function finds no further element: an epoch has fewer batches than"
        " the loop takes, or replicas take one element each",
        "take as many steps as there are batches, repeat the dataset, or loop over the dataset"
        " itself; iterator.get_next_as_optional() can be asked for a further element",
        """\
data = tf.data.Dataset.range(8).batch(4)
iterator = iter(strategy.experimental_distribute_dataset(data))

@tf.function
def train():
    strategy.run(tf.reduce_sum, args=(next(iterator),))

for _ in range(3):
    train()
""",
        """\
data = tf.data.Dataset.range(8).batch(4).repeat()
iterator = iter(strategy.experimental_distribute_dataset(data))

@tf.function
def train():
    strategy.run(tf.reduce_sum, args=(next(iterator),))

for _ in range(3):
    train()
""",
        threads=("tensorflow#41657", "tensorflow#58809"),
    ),
    KnownError(
        "data_ended",
        "the data end before the steps do",
        (
            Sign(
                ("StopIteration",),
                EMPTY,
                r"tensorflow/python/(?:distribute/input_lib|data/ops/iterator_ops)\.py:__next__",
            ),
        ),
        "next(iterator) finds no further element: an epoch has fewer batches than the loop takes",
        "loop over the dataset itself (for batch in data), repeat the dataset, or make a new"
        " iterator for each epoch",
        """\
data = tf.data.Dataset.range(8).batch(4)
iterator = iter(strategy.experimental_distribute_dataset(data))
for _ in range(3):
    strategy.run(tf.reduce_sum, args=(next(iterator),))
""",
        """\
data = tf.data.Dataset.range(8).batch(4)
for batch in strategy.experimental_distribute_dataset(data):
    strategy.run(tf.reduce_sum, args=(batch,))
""",
    ),
    KnownError(
        "dataset_without_batches",
        "a dataset that is not batched is distributed",
        (
            Sign(
                ("IndexError",),
                r"list index out of range",
                r"tensorflow/python/data/experimental/ops/distribute\.py:",
            ),
        ),
        "a strategy divides each batch among its replicas; an element of this dataset has no"
        " dimension to divide",
        "call batch(global batch size) on the dataset before it is distributed",
        """\
data = tf.data.Dataset.range(8)
for batch in strategy.experimental_distribute_dataset(data):
    strategy.run(tf.reduce_sum, args=(batch,))
""",
        """\
data = tf.data.Dataset.range(8).batch(4)
for batch in strategy.experimental_distribute_dataset(data):
    strategy.run(tf.reduce_sum, args=(batch,))
""",
    ),
    KnownError(
        "dataset_distributed_twice",
        "a distributed dataset is distributed again",
        (
            Sign(
                ("AttributeError",),
                r"'Distributed(?:Dataset\w*|Iterator)' object has no attribute '\w+'",
                _INPUT,
            ),
        ),
        "the dataset is divided among the replicas already",
        "distribute it once, and pass the distributed dataset on",
        """\
data = strategy.experimental_distribute_dataset(tf.data.Dataset.range(8).batch(4))

def train(data):
    for batch in strategy.experimental_distribute_dataset(data):
        strategy.run(tf.reduce_sum, args=(batch,))

train(data)
""",
        """\
data = strategy.experimental_distribute_dataset(tf.data.Dataset.range(8).batch(4))

def train(data):
    for batch in data:
        strategy.run(tf.reduce_sum, args=(batch,))

train(data)
""",
    ),
    KnownError(
        "array_distributed_as_dataset",
        "something else than a tf.data.Dataset is distributed",
        (
            Sign(
                ("AttributeError",),
                r"'(?P<kind>[\w.]+)' object has no attribute '\w+'",
                _INPUT,
            ),
        ),
        "experimental_distribute_dataset takes a tf.data.Dataset, and was given a {kind}",
        "make a dataset of it: tf.data.Dataset.from_tensor_slices(...).batch(global batch size)",
        """\
images = np.ones((8, 3), "float32")
for batch in strategy.experimental_distribute_dataset(images):
    strategy.run(tf.reduce_sum, args=(batch,))
""",
        """\
images = np.ones((8, 3), "float32")
data = tf.data.Dataset.from_tensor_slices(images).batch(4)
for batch in strategy.experimental_distribute_dataset(data):
    strategy.run(tf.reduce_sum, args=(batch,))
""",
    ),
    KnownError(
        "batch_not_divisible",
        "the global batch is not divisible by the number of replicas",
        (
            Sign(
                ("ValueError",),
                r"The `global_batch_size` (?P<batch>\d+) is not divisible by"
                r" `num_replicas_in_sync` (?P<replicas>\d+)",
            ),
        ),
        "{batch} examples cannot be divided equally among {replicas} replicas",
        "choose the batch of a replica and multiply: global batch = batch * num_replicas_in_sync",
        """\
def days(context):
    batch = context.get_per_replica_batch_size(33)
    return tf.data.Dataset.range(66).batch(batch)

for batch in strategy.distribute_datasets_from_function(days):
    strategy.run(tf.reduce_sum, args=(batch,))
""",
        """\
def days(context):
    batch = context.get_per_replica_batch_size(16 * strategy.num_replicas_in_sync)
    return tf.data.Dataset.range(66).batch(batch)

for batch in strategy.distribute_datasets_from_function(days):
    strategy.run(tf.reduce_sum, args=(batch,))
""",
    ),
    KnownError(
        "replica_without_examples",
        "the first batch of fit does not divide evenly among the replicas",
        (
            Sign(
                ("InvalidArgumentError",),
                r"Inputs to operation AddN.* must have the same size and shape\.\s+"
                r"Input \d+: (?P<one>\[[\d,]*\]) != input \d+: (?P<other>\[[\d,]*\])",
            ),
        ),
        "Keras builds the model by the first batch, of which the replicas computed values of the"
        " shapes {one} and {other}; a 0 is the share of a replica that got no example",
        "make the first batch a multiple of the number of replicas; batch_size of fit is that of"
        " all replicas together",
        """\
with strategy.scope():
    model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(1)])
    model.compile("sgd", "mse")
model.fit(np.ones((1, 3)), np.ones((1, 1)), verbose=0)
""",
        """\
with strategy.scope():
    model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(1)])
    model.compile("sgd", "mse")
model.fit(np.ones((2, 3)), np.ones((2, 1)), verbose=0)
""",
        seen_on=(TENSORFLOW, KERAS),
        threads=("tensorflow#41657", "tensorflow#61231", "tensorflow#62915"),
    ),
)
