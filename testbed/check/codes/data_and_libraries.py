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
        fine_if="statistics of one replica's data are good enough: batches are large, and all"
        " replicas see data of the same distribution",
    ),
    Code(
        "TB602",
        "wrong_value",
        WARNING,
        "Keras 3 gives every replica the same dropout mask",
        "the seed of a layer made in the scope is mirrored, so all replicas draw the same numbers",
        "use tf_keras, or draw the mask yourself from a seed that includes the replica's id",
        "dropout.masks_differ",
        fine_if="the replicas may drop the same units; their examples differ in any case",
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
        fine_if="all replicas shall draw the same numbers: the same start values, the same"
        " augmentation of a pair, the same mask",
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
        fine_if="all workers shall draw the same numbers: the same start values, the same order"
        " of files, the same mask",
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
        fine_if="there is hardly any such case: the variable grows with the number of replicas"
        " even if nothing is added",
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
        fine_if="the limit is meant for the gradients of each replica, and the learning rate was"
        " chosen for this number of replicas",
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
        fine_if="all replicas shall work on the same batch, as in an ensemble, or for an"
        " evaluation that each replica repeats",
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
        fine_if="all workers shall read all elements, as in an evaluation that each worker"
        " repeats, or each worker draws in random order from data that never end",
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
        fine_if="the replicas may take any elements in any order, and the steps of an epoch are"
        " counted in elements",
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
        fine_if="never: NaN spreads to all that is computed from it",
    ),
    Code(
        "TB705",
        "wrong_value",
        WARNING,
        "means over batches of different sizes are averaged",
        "the mean of each replica has the same weight, however few elements the replica has",
        "batch with drop_remainder=True, or reduce the sums and the counts and divide those",
        "empty_batch.mean_of_uneven_batch",
        fine_if="the difference is small enough: only the last batch of an epoch is smaller",
    ),
    Code(
        "TB706",
        "wrong_value",
        WARNING,
        "workers divide data that each of them has shuffled in another order",
        "each worker takes its part of another order, so the parts overlap: some elements are read"
        " by several workers, and some by none",
        "call shard before shuffle; with auto-sharding, which divides last, shuffle and split the"
        " data by one seed that is the same on all workers, also where NumPy or scikit-learn does"
        " it",
        "dataset_iterator.shuffle_before_shard",
        fine_if="elements are drawn at random from data that never end, so that an element read"
        " twice or not at all makes no difference",
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
        " worker, as that of sorted(set(words)); or learn it once, save it, and load it on every"
        " worker",
        "lookup_table.vocabulary_of_own_words",
        fine_if="each worker may number what it reads by itself: no shared variable depends on it",
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
        fine_if="the numbers stay within one process, as those of a cache or a hash table do",
    ),
)
