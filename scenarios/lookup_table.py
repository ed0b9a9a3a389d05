"""A lookup table: `tf.lookup.StaticHashTable`, tables that a step writes to, and hashed words."""

import zlib

import tensorflow as tf

from testbed import Bed, breaks, run_script, scenario

GROUP = "kinds of object"

WORDS = ["rain", "sun", "snow", "hail", "wind", "fog"]
BUCKETS = 1000


def create_static() -> tf.lookup.StaticHashTable:
    words = tf.lookup.KeyValueTensorInitializer(["a", "b"], tf.constant([1, 2], tf.int64))
    return tf.lookup.StaticHashTable(words, default_value=-1)


def create_counts() -> tf.lookup.experimental.MutableHashTable:
    return tf.lookup.experimental.MutableHashTable(tf.string, tf.int64, default_value=0)


def create_seen() -> tf.lookup.experimental.DenseHashTable:
    return tf.lookup.experimental.DenseHashTable(
        tf.int64, tf.int64, default_value=0, empty_key=-1, deleted_key=-2
    )


def create_counter() -> tf.Variable:
    return tf.Variable([0.0, 0.0], aggregation=tf.VariableAggregation.MEAN)


@scenario(modes=("function",))
def static(bed: Bed) -> None:
    """Every replica finds its words in a static table, wherever the table was made."""
    table = bed.make(create_static)
    words = bed.data(lambda replica: ["a", "zz"] if replica % 2 else ["b", "a"])
    found = bed.strategy.reduce("SUM", bed.run(lambda word: table.lookup(word), words), axis=None)
    odd = bed.case.replicas // 2
    even = bed.case.replicas - odd
    bed.claim(found, value=[2 * even + odd, even - odd])


@scenario(modes=("eager",))
@breaks(
    "counted_per_replica",
    when=lambda case: case.replicas_per_worker > 1,
    cure="count in a variable of the scope, found through a static table (see count_in_variable)",
)
def count(bed: Bed) -> None:
    """A table that a step writes to counts steps, however many replicas take them."""
    table = bed.make(create_counts)

    def step() -> None:
        table.insert(["steps"], table.lookup(tf.constant(["steps"])) + 1)

    bed.run(step, times=5)
    bed.claim(int(table.lookup(tf.constant("steps"))), value=5)


@scenario(sites=("in_scope",), modes=("function",))
def count_in_variable(bed: Bed) -> None:
    """A variable of the scope counts steps, at the entry that a static table gives."""
    words, counter = create_static(), bed.make(create_counter)

    def step() -> None:
        counter.assign_add(tf.one_hot(words.lookup(tf.constant("b")) - 1, 2))

    bed.run(step, times=5)
    bed.claim(counter, value=[0.0, 5.0])


@scenario(modes=("eager",))
@breaks(
    "wrong_value",
    when=lambda case: case.workers > 1,
    cure="gather the keys, and let every worker insert all of them (see keys_gathered)",
)
def keys_of_all(bed: Bed) -> None:
    """A key that one replica inserts is in the table on every worker."""
    table = bed.make(create_seen)
    bed.run(lambda key: table.insert(key, key), keys(bed))
    bed.claim(int(table.size()), value=bed.case.replicas)


@scenario(sites=("outside_scope",), modes=("eager",))
def keys_gathered(bed: Bed) -> None:
    """Keys that are gathered from all replicas and inserted by every worker are everywhere."""
    table = bed.make(create_seen)
    gathered = bed.strategy.gather(bed.run(lambda key: tf.identity(key), keys(bed)), axis=0)
    table.insert(gathered, gathered)
    bed.claim(int(table.size()), value=bed.case.replicas)


@scenario(sites=("outside_scope",), modes=("function",))
@breaks(
    "wrong_value",
    when=lambda case: case.workers > 1,
    cure="number the words of all workers, in the same order (see vocabulary_of_all_words)",
)
def vocabulary_of_own_words(bed: Bed) -> None:
    """A vocabulary that each worker makes of its own words numbers a word alike on all workers."""
    bed.claim(sum_of_numbers(bed, create_vocabulary(own_words(bed))), value=0)


@scenario(sites=("outside_scope",), modes=("function",))
def vocabulary_of_all_words(bed: Bed) -> None:
    """A vocabulary that each worker makes of all words numbers a word alike on all workers."""
    bed.claim(sum_of_numbers(bed, create_vocabulary(["a", "b", "c"])), value=0)


@scenario(sites=("outside_scope",), modes=("function",), fresh=True)
@breaks(
    "wrong_value",
    when=lambda case: case.workers > 1,
    cure="use a checksum, as zlib.crc32 (see buckets_of_checksum), or set PYTHONHASHSEED",
)
def buckets_of_own_hash(bed: Bed) -> None:
    """A word that each worker hashes by Python's `hash` has one number on all workers."""
    numbers = [hash(word) % BUCKETS for word in WORDS]
    bed.claim(disagreements(bed, numbers), value=0)


@scenario(sites=("outside_scope",), modes=("function",))
def buckets_of_checksum(bed: Bed) -> None:
    """A word of which each worker computes a checksum has one number on all workers."""
    numbers = [zlib.crc32(word.encode()) % BUCKETS for word in WORDS]
    bed.claim(disagreements(bed, numbers), value=0)


def disagreements(bed: Bed, numbers: list[int]) -> int:
    """Whether the numbers of any worker differ from these: 1 or 0."""
    given = bed.data(lambda replica: tf.constant(numbers, tf.int64))
    sums = bed.strategy.reduce("SUM", bed.run(lambda own: tf.identity(own), given), axis=None)
    return int(tf.reduce_any(sums != bed.case.replicas * tf.constant(numbers, tf.int64)))


def create_vocabulary(words: list[str]) -> tf.lookup.StaticHashTable:
    numbers = tf.range(len(words), dtype=tf.int64)
    return tf.lookup.StaticHashTable(tf.lookup.KeyValueTensorInitializer(words, numbers), -1)


def own_words(bed: Bed) -> list[str]:
    resolver = bed.strategy.cluster_resolver
    worker = resolver.task_id if bed.case.workers > 1 and resolver else 0
    return [["a", "b"], ["c", "a"]][worker % 2]


def sum_of_numbers(bed: Bed, table: tf.lookup.StaticHashTable) -> tf.Tensor:
    """The sum over all replicas of the number of the word 'a'."""
    found = bed.run(lambda: table.lookup(tf.constant("a")))
    return bed.strategy.reduce("SUM", found, axis=None)


def keys(bed: Bed) -> tf.distribute.DistributedValues:
    return bed.data(lambda replica: tf.constant([10 + replica], tf.int64))


if __name__ == "__main__":
    run_script()
