"""Codes of mistakes in libraries, random numbers and data."""

from __future__ import annotations

from testbed.check.codes.code import ERROR, NOTE, WARNING, Code

CODES = (
    Code(
        "TB601",
        "replicas_diverge",
        WARNING,
        "Keras 3 lets the moving statistics of a BatchNormalization differ between replicas",
        "it assigns them without an aggregation, so each copy depends on one replica's data only,"
        " and a checkpoint keeps the first copy",
        "use BatchNormalization(synchronized=True), or tf_keras",
        "batch_norm.moving_mean",
        wrong="""\
with strategy.scope():
    norm = (keras.layers
            .BatchNormalization())
""",
        right="""\
with strategy.scope():
    norm = (keras.layers
            .BatchNormalization(
                synchronized=True))
""",
    ),
    Code(
        "TB602",
        "wrong_value",
        WARNING,
        "Keras 3 gives every replica the same dropout mask",
        "the seed of a layer made in the scope is mirrored, so all replicas draw the same numbers",
        "use tf_keras, or draw the mask yourself from a seed that includes the replica's id",
        "dropout.masks_differ",
        wrong="""\
with strategy.scope():
    drop = keras.layers.Dropout(0.5)
""",
        right="""\
with strategy.scope():
    drop = tf_keras.layers.Dropout(0.5)
""",
    ),
    Code(
        "TB603",
        "wrong_value",
        WARNING,
        "replicas draw the same random numbers",
        "a seed that all replicas share gives each of them the same numbers, so more replicas"
        " add no randomness",
        "draw from a tf.random.Generator made inside strategy.scope(), or fold the replica's"
        " number into a stateless seed",
        "random_generator.operation_seed",
        wrong="""\
def step():
    return tf.random.stateless_normal(
        [2], seed=[1, 2])

strategy.run(step)
""",
        right="""\
with strategy.scope():
    noise = tf.random.Generator.from_seed(1)

def step():
    return noise.normal([2])

strategy.run(step)
""",
    ),
    Code(
        "TB604",
        "wrong_value",
        WARNING,
        "workers draw the same random numbers",
        "a seed that all workers share gives the replicas of every worker the same numbers, so"
        " more workers add no randomness",
        "draw from a tf.random.Generator made inside strategy.scope(), or add the worker's"
        " number to the seed",
        "random_generator.global_seed",
        wrong="""\
tf.random.set_seed(7)

def step():
    return tf.random.normal([2])

strategy.run(step)
""",
        right="""\
tf.random.set_seed(7 + rank)

def step():
    return tf.random.normal([2])

strategy.run(step)
""",
    ),
    Code(
        "TB605",
        "wrong_value",
        WARNING,
        "Keras 3 adds the old value once for each replica",
        "keras.Variable.assign_add assigns the old value plus the increment, and the aggregation"
        " SUM sums that over the replicas, the old value included",
        "call variable.value.assign_add, which is TensorFlow's",
        "keras_variable.summed",
        wrong="""\
with strategy.scope():
    total = keras.Variable(
        1.0, aggregation="sum")

def step():
    total.assign_add(1.0)  # 4.0
""",
        right="""\
with strategy.scope():
    total = keras.Variable(
        1.0, aggregation="sum")

def step():
    total.value.assign_add(1.0)
""",
    ),
    Code(
        "TB606",
        "",
        NOTE,
        "Keras 3 clips the gradients of each replica before they are summed",
        "the sum of clipped gradients differs from the clipped sum: it can reach the limit times"
        " the number of replicas, and fewer or more replicas train otherwise; tf_keras clips the"
        " sum",
        "reduce the gradients with all_reduce in the step, clip them with tf.clip_by_global_norm,"
        " divide them by strategy.num_replicas_in_sync, and apply them with an optimizer without"
        " a limit; or use tf_keras",
        "",
        wrong="""\
with strategy.scope():
    optimizer = keras.optimizers.SGD(
        0.1, global_clipnorm=1.0)

def step(gradients):
    optimizer.apply(gradients, weights)
""",
        right="""\
replicas = strategy.num_replicas_in_sync
with strategy.scope():
    optimizer = keras.optimizers.SGD(0.1)

def step(gradients):
    gradients = (
        tf.distribute.get_replica_context()
        .all_reduce("SUM", gradients))
    gradients, _ = (
        tf.clip_by_global_norm(gradients, 1.0))
    optimizer.apply(
        [each / replicas for each in gradients],
        weights)
""",
    ),
    Code(
        "TB701",
        "wrong_value",
        ERROR,
        "every replica receives the same batch",
        "a tensor passed to strategy.run goes to each replica whole, and a plain dataset gives"
        " tensors: each element counts once for each replica",
        "iterate over strategy.experimental_distribute_dataset(dataset)",
        "dataset_iterator.plain_batches",
        wrong="""\
for batch in dataset:
    strategy.run(step, (batch,))
""",
        right="""\
for batch in strategy \\
        .experimental_distribute_dataset(
            dataset):
    strategy.run(step, (batch,))
""",
    ),
    Code(
        "TB702",
        "wrong_value",
        ERROR,
        "every worker reads the same elements",
        "each worker runs its own copy of the dataset, and nothing divides it among the workers",
        "leave auto-sharding on, or shard by the context that distribute_datasets_from_function"
        " passes",
        "dataset_iterator.from_function",
        wrong="""\
def create(context):
    return dataset

(strategy
 .distribute_datasets_from_function(create))
""",
        right="""\
def create(context):
    return dataset.shard(
        context.num_input_pipelines,
        context.input_pipeline_id)

(strategy
 .distribute_datasets_from_function(create))
""",
    ),
    Code(
        "TB703",
        "counted_per_replica",
        WARNING,
        "each replica takes a separate element from an iterator",
        "next() in the replica function runs once for each replica, in no fixed order, and the"
        " dataset ends after fewer steps",
        "call next() outside of strategy.run, on the iterator of a distributed dataset",
        "dataset_iterator.plain_iterator",
        wrong="""\
batches = iter(dataset)

def step():
    return tf.reduce_sum(next(batches))

strategy.run(step)
""",
        right="""\
batches = iter(strategy
    .experimental_distribute_dataset(dataset))

def step(batch):
    return tf.reduce_sum(batch)

strategy.run(step, (next(batches),))
""",
    ),
    Code(
        "TB704",
        "wrong_value",
        ERROR,
        "an empty batch makes the result NaN",
        "a last batch with fewer elements than replicas leaves some replicas without any, and"
        " the mean of no elements is NaN",
        "batch with drop_remainder=True, or divide sums by the size of the global batch",
        "empty_batch.trained_on_one_element",
        wrong="""\
dataset = dataset.batch(4)

def step(batch):
    return tf.reduce_mean(batch)  # NaN
""",
        right="""\
dataset = dataset.batch(
    4, drop_remainder=True)

def step(batch):
    return tf.reduce_mean(batch)
""",
    ),
    Code(
        "TB705",
        "wrong_value",
        WARNING,
        "means over batches of different sizes are averaged",
        "the mean of each replica has the same weight, however few elements the replica has",
        "batch with drop_remainder=True, or reduce the sums and the counts and divide those",
        "empty_batch.mean_of_uneven_batch",
        wrong="""\
def step(batch):
    return tf.reduce_mean(batch)

means = strategy.run(step, (batch,))
strategy.reduce("MEAN", means, axis=None)
""",
        right="""\
def step(batch):
    size = tf.size(batch, out_type=tf.int64)
    return tf.reduce_sum(batch), size

sums, sizes = strategy.run(step, (batch,))
(strategy.reduce("SUM", sums, axis=None)
 / strategy.reduce("SUM", sizes, axis=None))
""",
    ),
    Code(
        "TB706",
        "wrong_value",
        WARNING,
        "workers divide data that each of them has shuffled in another order",
        "each worker takes its part of another order, so the parts overlap: some elements are read"
        " by several workers, and some by none",
        "call shard before shuffle; with auto-sharding, which divides last, give the shuffle one"
        " seed that is the same on all workers",
        "dataset_iterator.shuffle_before_shard",
        wrong="""\
def dataset(context):
    parts = context.num_input_pipelines
    part = context.input_pipeline_id
    data = tf.data.Dataset.range(100)
    data = data.shuffle(100)  # other order
    return data.shard(parts, part).batch(10)
""",
        right="""\
def dataset(context):
    parts = context.num_input_pipelines
    part = context.input_pipeline_id
    data = tf.data.Dataset.range(100)
    data = data.shard(parts, part)
    return data.shuffle(100).batch(10)
""",
    ),
    Code(
        "TB707",
        "wrong_value",
        WARNING,
        "workers encode the same data by different numbers",
        "each worker learns the encoding, a vocabulary or statistics, from its own part of the"
        " data: one number means something else on each worker, and all train the same weights"
        " for it",
        "learn it on every worker from all of the data, in an order that does not depend on the"
        " worker; or learn it once, save it, and load it on every worker",
        "lookup_table.vocabulary_of_own_words",
        wrong="""\
words = texts[rank::2]
lookup = keras.layers.StringLookup()
lookup.adapt(words)
ids = lookup(words)
""",
        right="""\
words = texts[rank::2]
lookup = keras.layers.StringLookup()
lookup.adapt(texts)
ids = lookup(words)
""",
    ),
    Code(
        "TB708",
        "wrong_value",
        ERROR,
        "workers encode data by the hash of texts",
        "Python salts the hash of a text by another number in each process, so that one text"
        " becomes another number on each worker, and after each start",
        "use a hash that is the same everywhere: zlib.crc32(text.encode()), or"
        " tf.strings.to_hash_bucket_fast; or set PYTHONHASHSEED for all workers before they start",
        "lookup_table.buckets_of_own_hash",
        wrong="""\
def encode(words):
    return [hash(word) % 1000
            for word in words]
""",
        right="""\
def encode(words):
    return [zlib.crc32(word.encode()) % 1000
            for word in words]
""",
    ),
)
